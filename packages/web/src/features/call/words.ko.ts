import type { CallWords } from './words.en.ts'

export const call: CallWords = {}
