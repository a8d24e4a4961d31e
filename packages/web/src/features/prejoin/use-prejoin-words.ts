import { useLanguage } from '../../lib/words/use-words.ts'
import { prejoin as en, type PrejoinWords } from './words.en.ts'
import { prejoin as ko } from './words.ko.ts'

const catalogue = { en, ko }

/** The words of the page before the call; they come with it. */
export function usePrejoinWords(): PrejoinWords {
  return catalogue[useLanguage()]
}
