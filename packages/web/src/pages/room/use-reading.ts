import type { RoomClient } from '@maru/client'
import type { Unread } from '@maru/protocol'
import { useEffect, useRef, useState } from 'react'
import { rememberRoom } from '../../lib/recent-rooms.ts'
import { saidIn } from '../../lib/said.ts'
import { useStore } from '../../lib/store.ts'
import { firstUnread, nothingUnread } from '../../lib/unread.ts'

/**
 * What of the room has been read: while the chat is in view and the page is looked at, everything. Gives the count of
 * the unread and the number before which the line "new" stands; that line stays until the chat is looked away from.
 */
export function useReading(
  room: string,
  client: RoomClient,
  inView: boolean,
): { unread: Unread; newFrom: number | undefined } {
  const entries = useStore(client, (state) => state.entries)
  const isOpen = useStore(client, (state) => state.connection === 'open')
  const unread = useStore(client, (state) => state.unread)
  const [newFrom, setNewFrom] = useState<number>()
  const looking = useLookedAt() && inView
  const last = entries.at(-1)
  const loaded = isOpen && last !== undefined
  const latest = useRef(client.state())
  latest.current = client.state()

  useEffect(() => {
    if (!looking || !loaded) return
    const { entries, read, me } = latest.current
    setNewFrom(firstUnread(entries, read, me?.id))
  }, [looking, loaded])
  useEffect(() => {
    if (looking && isOpen && last) client.markRead(last.seq)
  }, [client, looking, isOpen, last])
  useEffect(() => {
    if (!last) return
    const said = latest.current.entries.findLast((entry) => entry.kind === 'message' && !entry.deleted)
    rememberRoom({
      room,
      seq: last.seq,
      at: last.at,
      ...(said?.kind === 'message' && { last: { name: said.name, text: saidIn(said) } }),
    })
  }, [last, room])
  return { unread: looking ? nothingUnread : unread, newFrom }
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
