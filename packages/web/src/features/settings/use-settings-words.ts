import { useLanguage } from '../../lib/words/use-words.ts'
import { settings as en, type SettingsWords } from './words.en.ts'
import { settings as ko } from './words.ko.ts'

const catalogue = { en, ko }

/** The words of the settings; they come with the first look at them. */
export function useSettingsWords(): SettingsWords {
  return catalogue[useLanguage()]
}
