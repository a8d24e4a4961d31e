import type { RoomClient } from '@maru/client'
import { callsOn, type Line, type Message } from '@maru/protocol'
import { useEffect, useRef } from 'react'
import { type Notify, useNotify } from '../../lib/notify.ts'
import { saidIn } from '../../lib/said.ts'
import { useStore } from '../../lib/store.ts'

/** Longest text shown. */
const CUT = 200

/** Which of what came is worth a notification. Pure. */
export function worthTelling(
  entries: readonly Line[],
  { after, me, notify }: { after: number; me: string | undefined; notify: Notify },
): Message | undefined {
  if (notify === 'none') return undefined
  const isWorth = (line: Line): line is Message =>
    line.kind === 'message' && line.seq > after && line.member !== me && !line.deleted && isWanted(line)
  const isWanted = (message: Message) => notify === 'all' || message.to?.id === me || callsOn(message, me)
  return entries.findLast(isWorth)
}

/** Has the browser tell what somebody wants to hear of while the page is not looked at. The newest takes the place of the one before. */
export function useNotifications(room: string, client: RoomClient): void {
  const entries = useStore(client, (state) => state.entries)
  const me = useStore(client, (state) => state.me?.id)
  const notify = useNotify(room)
  const told = useRef<number | undefined>(undefined)
  const shown = useRef<Notification | undefined>(undefined)
  useEffect(() => {
    const last = entries.at(-1)?.seq
    if (last === undefined) return
    const after = told.current ?? last
    told.current = last
    if (document.hasFocus()) return
    const message = worthTelling(entries, { after, me, notify })
    if (message) shown.current = show(room, message) ?? shown.current
  }, [entries, me, notify, room])
  useEffect(() => {
    const close = () => shown.current?.close()
    addEventListener('focus', close)
    return () => {
      removeEventListener('focus', close)
      close()
    }
  }, [])
}

function show(room: string, message: Message): Notification | undefined {
  if (!('Notification' in window) || Notification.permission !== 'granted') return undefined
  try {
    const said = saidIn(message)
    const notification = new Notification(`${message.name} · ${room}`, {
      body: said.length > CUT ? `${said.slice(0, CUT)}…` : said,
      tag: `maru ${room}`,
      icon: '/icon.svg',
    })
    notification.onclick = () => {
      window.focus()
      notification.close()
    }
    return notification
  } catch {
    // Some browsers on phones have the name and not the thing.
    return undefined
  }
}
