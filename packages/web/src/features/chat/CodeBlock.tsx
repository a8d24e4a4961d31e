import Copy from 'lucide-react/icons/copy'
import { type ReactNode, useEffect, useState } from 'react'
import { copyText } from '../../lib/copy-text.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useMoreWords } from './more-words.ts'

/** Longer code is shown without colours: a message has at most a few thousand signs. */
const COLOURED = 8_000

/** Code in lines that do not break. Colours come later, and only where a language is named. */
export function CodeBlock({ text, language }: { text: string; language: string }) {
  const words = useMoreWords()
  const coloured = useColours(text, language)
  return (
    <div className="relative max-w-full rounded-button border border-line bg-paper">
      <IconButton
        icon={Copy}
        label={words.copyCode}
        className="absolute end-0.5 top-0.5 bg-paper"
        onClick={() =>
          void copyText(text).then(
            () => toast(words.copied),
            () => toast(words.notCopied),
          )
        }
      />
      {/* biome-ignore lint/a11y/useSemanticElements: what scrolls has to be reachable, and be named for it. */}
      <pre
        dir="ltr"
        tabIndex={0}
        role="region"
        aria-label={words.code(language)}
        className="code overflow-x-auto py-2.5 ps-3 min-h-11 pe-11 pointer-coarse:min-h-12 font-mono text-[0.8125rem]/[1.55]"
      >
        <code>{coloured ?? text}</code>
      </pre>
    </div>
  )
}

function useColours(text: string, language: string): ReactNode {
  const [coloured, setColoured] = useState<ReactNode>()
  useEffect(() => {
    setColoured(undefined)
    if (language === '' || text.length > COLOURED) return
    let isWanted = true
    import('./colour-code.tsx').then(
      ({ colourCode }) => isWanted && setColoured(colourCode(text, language)),
      () => undefined,
    )
    return () => {
      isWanted = false
    }
  }, [text, language])
  return coloured
}
