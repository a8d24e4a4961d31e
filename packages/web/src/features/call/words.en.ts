export const call = {}

export type CallWords = typeof call
