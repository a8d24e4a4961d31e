import type { RoomClient } from '@maru/client'
import { useEffect, useRef, useState } from 'react'
import { personClass } from '../../lib/person-colour.ts'
import { saidIn } from '../../lib/said.ts'
import { useStore } from '../../lib/store.ts'

const SHOWN_MS = 7_000

interface MessageBubbleProps {
  client: RoomClient
  onOpen: () => void
}

/**
 * What somebody just wrote, over the stage while the chat is closed; pressed, it opens the chat. It has been announced
 * already, so it does not take part in reading out or in going by Tab.
 */
export function MessageBubble({ client, onOpen }: MessageBubbleProps) {
  const last = useStore(client, (state) => state.entries.at(-1))
  const me = useStore(client, (state) => state.me?.id)
  const [shown, setShown] = useState<typeof last>()
  const first = useRef(last)
  useEffect(() => {
    if (!last || last === first.current || last.kind !== 'message' || last.member === me) return
    setShown(last)
    const timer = setTimeout(() => setShown(undefined), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [last, me])
  if (shown?.kind !== 'message') return null
  return (
    <button
      key={shown.seq}
      type="button"
      tabIndex={-1}
      aria-hidden="true"
      className={`${personClass(shown.member)} rise fixed start-5 top-18 z-20 line-clamp-3 max-w-[min(22rem,74vw)] rounded-2xl rounded-es-[5px] bg-raised px-3.5 py-2 text-start text-sm whitespace-normal shadow-soft`}
      onClick={onOpen}
    >
      <b className="text-person-ink">{shown.name}</b> {saidIn(shown)}
    </button>
  )
}
