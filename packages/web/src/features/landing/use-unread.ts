import { useEffect, useState } from 'react'
import { remembered } from '../../lib/remembered.ts'

/** How many messages wait in each room this browser belongs to, by the room's name. Without an answer, none. */
export function useUnread(): ReadonlyMap<string, number> {
  const [unread, setUnread] = useState<ReadonlyMap<string, number>>(new Map())
  useEffect(() => {
    const token = remembered('token')
    if (!token) return
    const stop = new AbortController()
    ask(token, stop.signal).then(setUnread, () => undefined)
    return () => stop.abort()
  }, [])
  return unread
}

async function ask(token: string, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const response = await fetch('/api/rooms', { headers: { authorization: `Bearer ${token}` }, signal })
  const { rooms = [] } = (await response.json()) as { rooms?: { room: string; unread: { messages: number } }[] }
  return new Map(rooms.map(({ room, unread }) => [room, unread.messages]))
}
