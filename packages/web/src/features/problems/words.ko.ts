import type { ProblemsWords } from './words.en.ts'

export const problems: ProblemsWords = {}
