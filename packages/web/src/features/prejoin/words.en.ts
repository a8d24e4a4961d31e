export const prejoin = {}

export type PrejoinWords = typeof prejoin
