import { type Language, useLanguage } from '../../lib/words/use-words.ts'
import { more as en } from './more-words.en.ts'
import { more as ko } from './more-words.ko.ts'

const catalogue = { en, ko }

/** The words of what is loaded after the first page: actions, panels, files, polls. */
export function useMoreWords(): typeof en {
  return moreWords(useLanguage())
}

/** The same for what is no part of a page. */
export function moreWords(language: Language): typeof en {
  return catalogue[language]
}
