import type { Message } from '@maru/protocol'
import { useEffect, useState } from 'react'
import { useStore } from '../../lib/store.ts'
import type { Desk } from './desk.ts'
import { Found } from './Found.tsx'
import { useMoreWords } from './more-words.ts'

/** The pinned messages, the latest first. */
export function Pins({ desk, onDone }: { desk: Desk; onDone: () => void }) {
  const words = useMoreWords()
  const pinned = useStore(desk.client, (state) => state.pinned)
  const [messages, setMessages] = useState<readonly Message[]>()
  useEffect(() => {
    let isWanted = true
    desk.client.ask<'lookUp'>({ type: 'lookUp', targets: [...pinned].reverse() }).then(
      ({ entries }) => isWanted && setMessages(entries.filter((entry) => entry.kind === 'message')),
      () => isWanted && setMessages([]),
    )
    return () => {
      isWanted = false
    }
  }, [desk, pinned])
  if (!messages) return <p className="text-soft">{words.looking}</p>
  if (messages.length === 0) return <p className="text-soft">{words.noPins}</p>
  return (
    <ul className="-mx-3">
      {messages.map((message) => (
        <Found
          key={message.seq}
          message={message}
          onGo={() => {
            onDone()
            void desk.jump(message.seq)
          }}
        />
      ))}
    </ul>
  )
}
