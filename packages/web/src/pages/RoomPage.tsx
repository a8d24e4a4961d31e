import { lazy, Suspense, useState } from 'react'
import type { Choices } from '../features/prejoin/Prejoin.tsx'

const Prejoin = lazy(async () => ({ default: (await import('../features/prejoin/Prejoin.tsx')).Prejoin }))
const CallView = lazy(async () => ({ default: (await import('../features/call/CallView.tsx')).CallView }))

export function RoomPage({ room }: { room: string }) {
  const [choices, setChoices] = useState<Choices>()
  return (
    <div className="room">
      <Suspense fallback={null}>
        {choices ? (
          <CallView
            ticket={() => Promise.reject(new Error('not there yet'))}
            choices={choices}
            me={{ id: 'ME_', name: choices.name }}
            panel={null}
            onPanel={() => undefined}
            unread={0}
            onLeft={() => setChoices(undefined)}
          />
        ) : (
          <main id="stage" data-region="" tabIndex={-1} className="room-stage">
            <Prejoin room={room} name="" people={[]} onJoin={setChoices} onChatOnly={() => undefined} />
          </main>
        )}
      </Suspense>
    </div>
  )
}
