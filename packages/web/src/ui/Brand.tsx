import { navigate } from '../lib/route.ts'
import { useWords } from '../lib/words/use-words.ts'
import { Logo } from './Logo.tsx'

/** The mark and the name; leads to the start page without loading it anew. */
export function Brand({ compact }: { compact?: boolean }) {
  const { shell } = useWords()
  return (
    <a
      href="/"
      aria-label={shell.home}
      className="flex min-h-10 min-w-10 flex-none items-center gap-2.5 rounded-button text-lg font-bold tracking-tight pointer-coarse:min-h-11 pointer-coarse:min-w-11"
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        navigate('/')
      }}
    >
      <Logo />
      <span className={compact ? 'max-sm:sr-only' : 'max-xs:sr-only'}>{shell.product}</span>
    </a>
  )
}
