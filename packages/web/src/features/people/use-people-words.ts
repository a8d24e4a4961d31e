import { useLanguage } from '../../lib/words/use-words.ts'
import { people as en, type PeopleWords } from './words.en.ts'
import { people as ko } from './words.ko.ts'

const catalogue = { en, ko }

/** The words of the list of people and of the invitation; they come with them. */
export function usePeopleWords(): PeopleWords {
  return catalogue[useLanguage()]
}
