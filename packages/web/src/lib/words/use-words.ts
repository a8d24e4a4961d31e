import { remember, remembered } from '../remembered.ts'
import { createStore, useStore } from '../store.ts'
import { en, type Words } from './en.ts'
import { ko } from './ko.ts'

export type { Words } from './en.ts'
export type Language = 'en' | 'ko'

const catalogue: Record<Language, Words> = { en, ko }

function firstLanguage(): Language {
  const saved = remembered('language')
  if (saved === 'en' || saved === 'ko') return saved
  return globalThis.navigator?.language?.startsWith('ko') ? 'ko' : 'en'
}

const language = createStore<Language>(firstLanguage())
const same = (value: Language) => value

export function useLanguage(): Language {
  return useStore(language, same)
}

/** The words in the language now chosen. */
export function useWords(): Words {
  return catalogue[useLanguage()]
}

export function chooseLanguage(next: Language): void {
  remember('language', next)
  document.documentElement.lang = next
  language.set(next)
}
