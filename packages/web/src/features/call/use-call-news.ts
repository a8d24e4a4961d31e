import type { CallParticipant, CallSnapshot } from '@maru/client/call'
import { useEffect, useRef } from 'react'
import { announce } from '../../ui/announce.ts'
import { callNews } from './call-news.ts'
import { useCallWords } from './use-call-words.ts'

/** Says who came, who left and who shares. People met on arrival are no news, nor are those found again after a break. */
export function useCallNews({ standing, people }: CallSnapshot): void {
  const words = useCallWords()
  const before = useRef<readonly CallParticipant[] | undefined>(undefined)
  const broken = useRef(false)
  const { phase } = standing
  useEffect(() => {
    if (phase === 'reconnecting' && !broken.current) {
      broken.current = true
      announce(words.reconnecting, 'assertive')
    }
    if (phase === 'ended') before.current = undefined
    // The list is empty for a moment between connecting and the first reading.
    if (phase !== 'live' || people.length === 0) return
    if (broken.current) announce(words.back)
    else if (before.current) for (const { type, name } of callNews(before.current, people)) announce(words[type](name))
    broken.current = false
    before.current = people
  }, [phase, people, words])
}
