import type { RoomClient } from '@maru/client'
import { useEffect, useRef, useState } from 'react'
import { recentRooms, rememberRoom } from '../../lib/recent-rooms.ts'
import { useStore } from '../../lib/store.ts'
import { countUnread, firstUnread } from './unread.ts'

/**
 * What of the room has been read: while the chat is in view and the page is looked at, everything. Gives the count of
 * the unread and the number before which the line "new" stands; that line stays until the chat is looked away from.
 */
export function useReading(
  room: string,
  client: RoomClient,
  inView: boolean,
): { unread: number; newFrom: number | undefined } {
  const entries = useStore(client, (state) => state.entries)
  const me = useStore(client, (state) => state.me?.id)
  const read = useRef<number | undefined>(undefined)
  const [newFrom, setNewFrom] = useState<number>()
  const looking = useLookedAt() && inView
  const last = entries.at(-1)

  const latest = useRef({ entries, me })
  latest.current = { entries, me }
  const loaded = last !== undefined

  if (read.current === undefined && last) {
    // Who was never here has nothing unread: what was said before is history.
    const before = recentRooms().find((recent) => recent.room === room)?.seq ?? last.seq
    read.current = Math.min(before, last.seq)
  }
  useEffect(() => {
    if (!looking || !loaded) return
    setNewFrom(firstUnread(latest.current.entries, read.current ?? 0, latest.current.me))
  }, [looking, loaded])
  useEffect(() => {
    if (!last) return
    if (looking) read.current = last.seq
    const said = latest.current.entries.findLast((entry) => entry.kind === 'message')
    rememberRoom({
      room,
      seq: read.current ?? last.seq,
      at: last.at,
      ...(said?.kind === 'message' && { last: { name: said.name, text: said.text } }),
    })
  }, [last, looking, room])
  return { unread: looking ? 0 : countUnread(entries, read.current ?? Number.POSITIVE_INFINITY, me), newFrom }
}

function useLookedAt(): boolean {
  const [lookedAt, setLookedAt] = useState(() => document.visibilityState === 'visible')
  useEffect(() => {
    const change = () => setLookedAt(document.visibilityState === 'visible')
    document.addEventListener('visibilitychange', change)
    return () => document.removeEventListener('visibilitychange', change)
  }, [])
  return lookedAt
}
