import type { LandingWords } from './words.en.ts'

export const landing: LandingWords = {}
