import type { CallClient } from '@maru/client/call'
import type { Unread } from '@maru/protocol'
import { useStore } from '../../lib/store.ts'
import { ControlBar } from './ControlBar.tsx'
import { Ended } from './Ended.tsx'
import { Notices } from './Notices.tsx'
import { Sounds } from './Sounds.tsx'
import { Stage } from './Stage.tsx'
import { useCallNews } from './use-call-news.ts'
import { useCallWords } from './use-call-words.ts'
import { useWakeLock } from './use-wake-lock.ts'

interface CallProps {
  client: CallClient
  me: { id: string; name: string }
  panel: 'chat' | 'people' | null
  onPanel: (panel: 'chat' | 'people' | null) => void
  unread: Unread
  onLeft: (reason?: string) => void
}

export function Call({ client, me, panel, onPanel, unread, onLeft }: CallProps) {
  const words = useCallWords()
  const call = useStore(client, (value) => value)
  const { standing } = call
  useCallNews(call)
  useWakeLock(standing.phase === 'live')
  const leave = () => {
    void client.leave()
    onLeft()
  }
  return (
    <>
      <main id="stage" data-region="" tabIndex={-1} aria-label={words.stage} className="room-stage flex flex-col">
        <Notices client={client} call={call} />
        {standing.phase === 'ended' ? (
          <Ended reason={standing.reason} onAgain={() => client.join()} onChatOnly={() => onLeft(standing.reason)} />
        ) : (
          <Stage call={call} me={me} />
        )}
        <Sounds people={call.people} />
      </main>
      <section
        id="controls"
        data-region=""
        tabIndex={-1}
        aria-label={words.controls}
        className="room-bar outline-none max-sm:pb-0"
      >
        <ControlBar client={client} call={call} panel={panel} onPanel={onPanel} unread={unread} onLeave={leave} />
      </section>
    </>
  )
}
