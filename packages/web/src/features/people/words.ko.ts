import type { PeopleWords } from './words.en.ts'

export const people: PeopleWords = {}
