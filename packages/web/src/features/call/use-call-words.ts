import { useLanguage } from '../../lib/words/use-words.ts'
import { type CallWords, call as en } from './words.en.ts'
import { call as ko } from './words.ko.ts'

const catalogue = { en, ko }

/** The words of the call; they come with it. */
export function useCallWords(): CallWords {
  return catalogue[useLanguage()]
}
