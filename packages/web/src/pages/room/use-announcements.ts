import type { RoomClient } from '@maru/client'
import type { Line } from '@maru/protocol'
import { useEffect, useRef } from 'react'
import { tellEvent } from '../../features/chat/tell-event.ts'
import { saidIn } from '../../lib/said.ts'
import { useStore } from '../../lib/store.ts'
import { useWords, type Words } from '../../lib/words/use-words.ts'
import { announce } from '../../ui/announce.ts'

/** More than this many at once, as after a lost connection, are said as a number. */
const ONE_BY_ONE = 3

/** Says what happens in the room to those who hear the page: one announcement a message, none for own ones or for history. */
export function useAnnouncements(client: RoomClient): void {
  const words = useWords()
  const entries = useStore(client, (state) => state.entries)
  const me = useStore(client, (state) => state.me?.id)
  const said = useRef<number | undefined>(undefined)
  useEffect(() => {
    const last = entries.at(-1)?.seq
    if (last === undefined) return
    const from = said.current ?? last
    said.current = last
    const news = entries.filter((entry) => entry.seq > from && entry.member !== me)
    const messages = news.filter((entry) => entry.kind === 'message').length
    if (news.length > ONE_BY_ONE) {
      if (messages > 0) announce(words.shell.unread(messages))
    } else
      for (const entry of news) {
        const said = sentence(entry, words)
        if (said !== undefined) announce(said)
      }
  }, [entries, me, words])
}

function sentence(entry: Line, { chat }: Words): string | undefined {
  if (entry.kind !== 'message') return tellEvent(entry, chat)
  return entry.deleted ? undefined : chat.says(entry.name, saidIn(entry))
}
