import type { ChatWords } from './words.en.ts'

export const chat: ChatWords = {}
