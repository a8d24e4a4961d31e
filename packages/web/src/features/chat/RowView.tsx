import type { RoomClient } from '@maru/client'
import Clock from 'lucide-react/icons/clock'
import RotateCw from 'lucide-react/icons/rotate-cw'
import TriangleAlert from 'lucide-react/icons/triangle-alert'
import { memo, type ReactNode, useState } from 'react'
import { personClass } from '../../lib/person-colour.ts'
import { clock, dayName, fullTime } from '../../lib/time.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'
import { Avatar } from '../../ui/Avatar.tsx'
import { classNames } from '../../ui/class-names.ts'
import { MessageText } from './MessageText.tsx'
import { eventLines, type MessageRow, type Row } from './timeline.ts'

interface RowProps {
  row: Row
  client: RoomClient
  me: { id: string; name: string } | undefined
}

/** One row of the log, in the shape its kind asks for. */
export const RowView = memo(({ row, client, me }: RowProps) => {
  switch (row.kind) {
    case 'day':
      return <DayLine at={row.at} />
    case 'new':
      return <NewLine />
    case 'events':
      return <EventsLine {...row} />
    case 'message':
      return <Message row={row} own={row.member === me?.id} />
    case 'pending':
      return <Pending row={row} client={client} me={me} />
  }
})

const rule = 'before:h-px before:flex-1 after:h-px after:flex-1'

function DayLine({ at }: { at: number }) {
  const { chat } = useWords()
  const language = useLanguage()
  return (
    <p
      className={classNames(
        'flex items-center gap-2.5 py-3 text-[0.7812rem] font-semibold text-faint before:bg-line after:bg-line',
        rule,
      )}
    >
      {dayName(language, at, Date.now(), chat)}
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
  const said = eventLines(events).map((event) =>
    event.kind === 'renamed' ? chat.renamed(event.before, event.name) : chat[event.kind](event.names),
  )
  return (
    <p className="px-2 pt-3.5 text-center text-[0.8125rem] text-faint" title={fullTime(language, at)}>
      {said.join(' · ')}
    </p>
  )
}

/** A message younger than this slides in; one that comes back into view by scrolling does not, nor an own one, which was there already. */
const FRESH_MS = 1_500

function Message({ row, own }: { row: MessageRow; own: boolean }) {
  const [fresh] = useState(() => !own && Math.abs(Date.now() - row.at) < FRESH_MS)
  const language = useLanguage()
  const time = clock(language, row.at)
  const stamp = { dateTime: new Date(row.at).toISOString(), title: fullTime(language, row.at) }
  if (!row.head)
    return (
      <div className={classNames('group relative ps-11.75 pt-0.5', fresh && 'rise')}>
        <time
          {...stamp}
          className="absolute start-0 top-1 w-9 text-center text-[0.6875rem] text-faint tabular-nums opacity-0 transition group-hover:opacity-100"
        >
          {time}
        </time>
        <MessageText text={row.text} />
      </div>
    )
  return (
    <Group
      id={row.member}
      fresh={fresh}
      name={row.name}
      aside={
        <time {...stamp} className="text-xs text-faint tabular-nums">
          {time}
        </time>
      }
    >
      <MessageText text={row.text} />
    </Group>
  )
}

interface GroupProps {
  id: string
  name: string
  fresh?: boolean
  aside?: ReactNode
  children: ReactNode
}

function Group({ id, name, fresh, aside, children }: GroupProps) {
  return (
    <div className={classNames('flex gap-2.75 pt-4', fresh && 'rise')}>
      <Avatar id={id} name={name} />
      <div className="min-w-0 flex-1">
        <p className={classNames(personClass(id), 'flex items-baseline gap-2')}>
          <b dir="auto" className="min-w-0 truncate text-sm font-semibold text-person-ink">
            {name}
          </b>
          {aside}
        </p>
        {children}
      </div>
    </div>
  )
}

function Pending({
  row,
  client,
  me,
}: {
  row: Extract<Row, { kind: 'pending' }>
  client: RoomClient
  me: RowProps['me']
}) {
  const { chat, problems } = useWords()
  const { clientId, text, state, problem } = row.message
  const failed = state === 'failed'
  const body = (
    <>
      <div className={classNames('flex items-start gap-2', !failed && 'text-soft')}>
        <div className="min-w-0">
          <MessageText text={text} />
        </div>
        {!failed && <Clock size={14} className="late mt-1 flex-none text-faint" aria-hidden="true" />}
      </div>
      {failed ? (
        <p className="flex flex-wrap items-center gap-x-1 text-[0.8125rem] text-clay-ink">
          <TriangleAlert size={15} aria-hidden="true" />
          <span className="me-1">
            {chat.notSent} {problem && (problems.short[problem.code] ?? problem.message)}
          </span>
          <button type="button" className={small} onClick={() => client.retry(clientId)}>
            <RotateCw size={14} aria-hidden="true" />
            {chat.retry}
          </button>
          <button type="button" className={small} onClick={() => client.discard(clientId)}>
            {chat.discard}
          </button>
        </p>
      ) : (
        <span className="sr-only">{chat.sending}</span>
      )}
    </>
  )
  if (!row.head || !me) return <div className="ps-11.75 pt-0.5">{body}</div>
  return (
    <Group id={me.id} name={me.name}>
      {body}
    </Group>
  )
}

const small =
  'inline-flex min-h-8 items-center gap-1 rounded-lg px-2 font-semibold text-ink underline-offset-3 hover:underline pointer-coarse:min-h-11'
