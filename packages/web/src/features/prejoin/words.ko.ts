import type { PrejoinWords } from './words.en.ts'

export const prejoin: PrejoinWords = {}
