import { useEffect, useState } from 'react'
import type { Language } from '../../lib/words/use-words.ts'
import { type Emoji, loadEmoji } from './emoji.ts'

/** Every emoji there is, in a language; fetched when they are first wanted. */
export function useEmoji(language: Language, isWanted: boolean): readonly Emoji[] | 'loading' | 'failed' {
  const [all, setAll] = useState<readonly Emoji[] | 'loading' | 'failed'>('loading')
  useEffect(() => {
    if (!isWanted) return
    let isHere = true
    loadEmoji(language).then(
      (found) => isHere && setAll(found),
      () => isHere && setAll('failed'),
    )
    return () => {
      isHere = false
    }
  }, [language, isWanted])
  return all
}
