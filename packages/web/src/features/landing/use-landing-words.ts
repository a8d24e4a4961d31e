import { useLanguage } from '../../lib/words/use-words.ts'
import { landing as en, type LandingWords } from './words.en.ts'
import { landing as ko } from './words.ko.ts'

const catalogue = { en, ko }

/** The words of the start page; whoever comes by a link does not load them. */
export function useLandingWords(): LandingWords {
  return catalogue[useLanguage()]
}
