import type { RoomClient } from '@maru/client'
import type { Member } from '@maru/protocol'
import Clock from 'lucide-react/icons/clock'
import { lazy, memo, Suspense } from 'react'
import { dayName, fullTime } from '../../lib/time.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'
import { classNames } from '../../ui/class-names.ts'
import type { Desk } from './desk.ts'
import { Message } from './Message.tsx'
import { MessageText } from './MessageText.tsx'
import { Group } from './Shape.tsx'
import { tellEvent } from './tell-event.ts'
import { eventLines, type Row } from './timeline.ts'

const NotSent = lazy(async () => ({ default: (await import('./NotSent.tsx')).NotSent }))

interface RowProps {
  row: Row
  desk: Desk
  me: Member | undefined
  /** Who can be called by name. */
  names: readonly Member[]
  /** Whether it was just jumped to. */
  isLit: boolean
  /** Who has read up to here; given for the last own message alone. */
  seenBy: readonly string[] | undefined
}

/** One row of the log, in the shape its kind asks for. */
export const RowView = memo(({ row, desk, me, names, isLit, seenBy }: RowProps) => {
  switch (row.kind) {
    case 'day':
      return <DayLine at={row.at} onPick={() => desk.dialog.set('date')} />
    case 'new':
      return <NewLine />
    case 'events':
      return <EventsLine {...row} />
    case 'message':
      return <Message row={row} desk={desk} me={me} names={names} isLit={isLit} seenBy={seenBy} />
    case 'pending':
      return <Pending row={row} client={desk.client} me={me} names={names} />
  }
})

const rule = 'before:h-px before:flex-1 after:h-px after:flex-1'

function DayLine({ at, onPick }: { at: number; onPick: () => void }) {
  const { chat } = useWords()
  const language = useLanguage()
  return (
    <p
      className={classNames(
        'flex items-center gap-2.5 py-3 text-[0.7812rem] font-semibold text-faint before:bg-line after:bg-line',
        rule,
      )}
    >
      <button
        type="button"
        tabIndex={-1}
        title={chat.goToDay}
        className="rounded-lg px-1.5 hover:text-ink hover:underline"
        onClick={onPick}
      >
        {dayName(language, at, Date.now(), chat)}
      </button>
    </p>
  )
}

function NewLine() {
  const { chat } = useWords()
  return (
    <p
      className={classNames(
        'flex items-center gap-2.5 pt-3 text-[0.7812rem] font-semibold text-wood before:bg-wood/45 after:bg-wood/45',
        rule,
      )}
    >
      {chat.newMessages}
    </p>
  )
}

function EventsLine({ events, at }: Extract<Row, { kind: 'events' }>) {
  const { chat } = useWords()
  const language = useLanguage()
  const said = eventLines(events).map((event) => tellEvent(event, chat))
  return (
    <p className="px-2 pt-3.5 text-center text-[0.8125rem] text-faint" title={fullTime(language, at)}>
      {said.join(' · ')}
    </p>
  )
}

function Pending({
  row,
  client,
  me,
  names,
}: {
  row: Extract<Row, { kind: 'pending' }>
  client: RoomClient
  me: RowProps['me']
  names: readonly Member[]
}) {
  const { chat } = useWords()
  const { text, files, state } = row.message
  const failed = state === 'failed'
  const body = (
    <>
      <div className={classNames('flex items-start gap-2', !failed && 'text-soft')}>
        <div className="min-w-0">
          {text && <MessageText text={text} names={names} me={me?.id} />}
          {files && <p className="break-words">{files.map(({ name }) => name).join(', ')}</p>}
        </div>
        {!failed && <Clock size={14} className="late mt-1 flex-none text-faint" aria-hidden="true" />}
      </div>
      {failed ? (
        <Suspense fallback={null}>
          <NotSent client={client} message={row.message} />
        </Suspense>
      ) : (
        <span className="sr-only">{chat.sending}</span>
      )}
    </>
  )
  if (!row.head || !me) return <div className="ps-11.75 pt-0.5">{body}</div>
  return (
    <div className="pt-4">
      <Group id={me.id} name={me.name}>
        {body}
      </Group>
    </div>
  )
}
