import { type CallClient, type JoinChoices, openCall, type Ticket } from '@maru/client/call'
import type { Unread } from '@maru/protocol'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Call } from './Call.tsx'
import './call.css'

interface CallViewProps {
  ticket: () => Promise<Ticket>
  choices: JoinChoices
  me: { id: string; name: string }
  panel: 'chat' | 'people' | null
  onPanel: (panel: 'chat' | 'people' | null) => void
  unread: Unread
  /** Without a reason the person pressed Leave. */
  onLeft: (reason?: string) => void
}

/** The call of the room: the stage and the bar. It joins when it appears and leaves when it goes. */
export function CallView({ ticket, choices, ...rest }: CallViewProps) {
  const client = useCall(ticket, choices)
  return <Call client={client} {...rest} />
}

function useCall(ticket: () => Promise<Ticket>, choices: JoinChoices): CallClient {
  const latest = useRef(ticket)
  useLayoutEffect(() => {
    latest.current = ticket
  })
  const [client] = useState(() => openCall({ ticket: () => latest.current(), choices }))
  useEffect(() => {
    client.join()
    return () => void client.leave()
  }, [client])
  return client
}
