export const chat = {}

export type ChatWords = typeof chat
