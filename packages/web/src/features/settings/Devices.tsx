import type { RoomClient } from '@maru/client'
import type { Session } from '@maru/protocol'
import { useCallback, useEffect, useState } from 'react'
import { shortTime } from '../../lib/time.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { Section } from './Section.tsx'
import { TakeAlong } from './TakeAlong.tsx'
import { useSettingsWords } from './use-settings-words.ts'

/** Where this membership is open, and the way to end it there or to open it elsewhere. */
export function Devices({ client }: { client: RoomClient }) {
  const words = useSettingsWords()
  const { sessions, failed, load } = useSessions(client)
  const end = async (session: Session) => {
    const device = session.device || words.unknownDevice
    try {
      await client.ask<'endSession'>({ type: 'endSession', session: session.id })
      toast(words.ended(device))
    } catch {
      toast(words.failed)
    }
    load()
  }
  return (
    <Section title={words.devices}>
      <p className="text-sm text-soft">{failed ? words.failed : sessions ? words.devicesText : words.loading}</p>
      {sessions && (
        <ul className="grid gap-2">
          {sessions.map((session) => (
            <OneSession key={session.id} session={session} onEnd={() => void end(session)} />
          ))}
        </ul>
      )}
      <TakeAlong client={client} />
    </Section>
  )
}

function useSessions(client: RoomClient) {
  const [sessions, setSessions] = useState<readonly Session[]>()
  const [failed, setFailed] = useState(false)
  const load = useCallback(() => {
    client.ask<'sessions'>({ type: 'sessions' }).then(
      (answer) => {
        setSessions(answer.sessions)
        setFailed(false)
      },
      () => setFailed(true),
    )
  }, [client])
  useEffect(load, [load])
  return { sessions, failed, load }
}

function OneSession({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const words = useSettingsWords()
  const { chat } = useWords()
  const language = useLanguage()
  const device = session.device || words.unknownDevice
  return (
    <li className="flex min-h-12 items-center gap-3 rounded-button border border-line bg-raised py-1.5 ps-3.5 pe-2">
      <span className="min-w-0 flex-1">
        <b className="block truncate font-semibold">{device}</b>
        <span className="block text-[0.8125rem] text-soft">
          {session.current ? words.thisDevice : words.seen(shortTime(language, session.seenAt, Date.now(), chat))}
        </span>
      </span>
      {!session.current && (
        <Button size="small" look="quiet" aria-label={words.endOf(device)} onClick={onEnd}>
          {words.end}
        </Button>
      )}
    </li>
  )
}
