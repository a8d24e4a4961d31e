import { remember, remembered } from './remembered.ts'
import { createStore, useStore } from './store.ts'

export type Theme = 'light' | 'dark'

const dark = globalThis.matchMedia?.('(prefers-color-scheme: dark)')

function currentTheme(): Theme {
  const saved = remembered('theme')
  if (saved === 'light' || saved === 'dark') return saved
  return dark?.matches ? 'dark' : 'light'
}

const theme = createStore<Theme>(currentTheme())
dark?.addEventListener('change', () => theme.set(currentTheme()))

export function useTheme(): Theme {
  return useStore(theme, (value) => value)
}

export function chooseTheme(next: Theme): void {
  remember('theme', next)
  document.documentElement.dataset.theme = next
  theme.set(next)
}
