import Moon from 'lucide-react/icons/moon'
import Sun from 'lucide-react/icons/sun'
import { chooseTheme, useTheme } from '../lib/theme.ts'
import { chooseLanguage, useLanguage, useWords } from '../lib/words/use-words.ts'
import { IconButton } from './IconButton.tsx'

/** Theme and language: each button leads to the other one of two. */
export function Preferences() {
  const { shell } = useWords()
  const language = useLanguage()
  const other = useTheme() === 'light' ? 'dark' : 'light'
  return (
    <>
      <IconButton
        icon={other === 'dark' ? Moon : Sun}
        label={shell.toTheme[other]}
        onClick={() => chooseTheme(other)}
      />
      <button
        type="button"
        lang={language === 'en' ? 'ko' : 'en'}
        title={shell.toLanguageLabel}
        className="inline-flex min-h-10 items-center rounded-button border border-line-strong/50 px-3.5 text-sm font-medium text-soft transition hover:border-line-strong hover:text-ink pointer-coarse:min-h-11"
        onClick={() => chooseLanguage(language === 'en' ? 'ko' : 'en')}
      >
        {shell.toLanguage}
      </button>
    </>
  )
}
