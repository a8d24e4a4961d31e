import type { Member, Message as Said } from '@maru/protocol'
import CornerUpLeft from 'lucide-react/icons/corner-up-left'
import Lock from 'lucide-react/icons/lock'
import { type ComponentType, type FocusEvent, lazy, type MouseEvent, type ReactNode, Suspense, useState } from 'react'
import { personClass } from '../../lib/person-colour.ts'
import { clock, fullTime } from '../../lib/time.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'
import { Avatar } from '../../ui/Avatar.tsx'
import { classNames } from '../../ui/class-names.ts'
import { type Desk, isEditable } from './desk.ts'
import { MessageText } from './MessageText.tsx'
import { Reactions } from './Reactions.tsx'
import type { MessageRow } from './timeline.ts'

// What only appears under the pointer or the focus comes when it is first wanted.
const MessageActions = lazy(async () => ({ default: (await import('./MessageActions.tsx')).MessageActions }))
const PollCard = lazy(async () => ({ default: (await import('./PollCard.tsx')).PollCard }))
const Files = lazy(async () => ({ default: (await import('./Files.tsx')).Files }))

/** A message younger than this slides in; one that comes back into view by scrolling does not, nor an own one, which was there already. */
const FRESH_MS = 1_500

export interface MessageProps {
  row: MessageRow
  desk: Desk
  me: Member | undefined
  names: readonly Member[]
  isLit: boolean
  seenBy: readonly string[] | undefined
}

export function Message({ row, desk, me, names, isLit, seenBy }: MessageProps) {
  const { message, head } = row
  const own = message.member === me?.id
  const [fresh] = useState(() => !own && Math.abs(Date.now() - message.at) < FRESH_MS)
  const { chat } = useWords()
  const language = useLanguage()
  const active = useActive()
  const time = clock(language, message.at)
  const stamp = { dateTime: new Date(message.at).toISOString(), title: fullTime(language, message.at) }
  const name = message.name || chat.formerMember
  const calls = message.everyone === true || (me !== undefined && message.mentions?.includes(me.id) === true)
  return (
    <article
      tabIndex={-1}
      aria-label={`${time} ${chat.says(name, message.deleted ? chat.deleted : message.text)}`}
      data-message={message.seq}
      {...active.on}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
        if (event.key === 'r' && !message.deleted) desk.intent.set({ kind: 'reply', message })
        else if (event.key === 'e' && own && isEditable(message)) desk.intent.set({ kind: 'edit', message })
        else if (event.key === 'Delete' && !message.deleted && (own || me?.owner)) desk.deleting.set(message)
        else return
        event.preventDefault()
      }}
      className={classNames(
        'group relative -mx-2 rounded-[10px] px-2 outline-wood focus-visible:outline-2',
        head ? 'mt-3 py-1' : 'py-0.5',
        active.is && 'bg-ink/4',
        calls && !own && 'bg-wood-tint/55',
        isLit && 'lit',
        fresh && 'rise',
      )}
    >
      <Shape message={message} head={head} name={name} stamp={stamp} time={time}>
        <Private message={message} own={own} />
        <Body message={message} desk={desk} me={me} names={names} />
        {seenBy && seenBy.length > 0 && <p className="pt-0.5 text-[0.75rem] text-soft">{chat.seenBy(seenBy)}</p>}
      </Shape>
      {active.is && me && !message.deleted && (
        <Suspense fallback={null}>
          <MessageActions message={message} desk={desk} me={me} />
        </Suspense>
      )}
    </article>
  )
}

/** Under the pointer or with the focus in it, and for as long as something of it stands open. */
function useActive() {
  const [is, setIs] = useState(false)
  const leave = (box: HTMLElement) => {
    if (!box.matches(':focus-within') && !box.querySelector(':popover-open')) setIs(false)
  }
  return {
    is,
    on: {
      onMouseEnter: () => setIs(true),
      onMouseLeave: (event: MouseEvent<HTMLElement>) => leave(event.currentTarget),
      onFocus: () => setIs(true),
      onBlur: (event: FocusEvent<HTMLElement>) => {
        const box = event.currentTarget
        if (!box.contains(event.relatedTarget as Node | null) && !box.matches(':hover')) setIs(false)
      },
    },
  }
}

interface ShapeProps {
  message: Said
  head: boolean
  name: string
  stamp: { dateTime: string; title: string }
  time: string
  children: ReactNode
}

function Shape({ message, head, name, stamp, time, children }: ShapeProps) {
  if (message.action && !message.deleted)
    return (
      <div className={classNames(personClass(message.member), 'ps-11.75 italic')}>
        <b dir="auto" className="font-semibold text-person-ink">
          {name}
        </b>
        <div className="inline-block ps-1.5 align-top">{children}</div>
      </div>
    )
  if (!head)
    return (
      <div className="ps-11.75">
        <time
          {...stamp}
          className="absolute start-2 top-1.5 w-9 text-center text-[0.6875rem] text-soft tabular-nums opacity-0 transition group-hover:opacity-100 group-focus-within:opacity-100"
        >
          {time}
        </time>
        {children}
      </div>
    )
  return (
    <Group
      id={message.member}
      name={name}
      aside={
        <time {...stamp} className="text-xs text-soft tabular-nums">
          {time}
        </time>
      }
    >
      {children}
    </Group>
  )
}

export function Group({
  id,
  name,
  aside,
  children,
}: {
  id: string
  name: string
  aside?: ReactNode
  children: ReactNode
}) {
  return (
    <div className="flex gap-2.75">
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

function Private({ message, own }: { message: Said; own: boolean }) {
  const { chat } = useWords()
  if (!message.to) return null
  return (
    <p className="my-0.5 flex w-fit items-center gap-1.5 rounded-full bg-pine-tint px-2.5 text-[0.8125rem] font-semibold text-pine">
      <Lock size={13} aria-hidden="true" />
      {own ? chat.toOne(message.to.name) : chat.toMe(message.name)}
    </p>
  )
}

function Body({
  message,
  desk,
  me,
  names,
}: {
  message: Said
  desk: Desk
  me: Member | undefined
  names: readonly Member[]
}) {
  const { chat } = useWords()
  if (message.deleted) return <p className="text-soft italic">{chat.deleted}</p>
  return (
    <>
      {message.replyTo && <QuoteLine quote={message.replyTo} onGo={(seq) => void desk.jump(seq)} />}
      {message.text && <MessageText text={message.text} names={names} me={me?.id} />}
      {message.edited !== undefined && <Edited at={message.edited} />}
      {message.poll && <Later part={PollCard} message={message} desk={desk} me={me} />}
      {message.files && <Later part={Files} message={message} desk={desk} me={me} />}
      {message.reactions && <Reactions message={message} desk={desk} me={me} />}
    </>
  )
}

export interface PartProps {
  message: Said
  desk: Desk
  me: Member | undefined
}

function Later({ part: Part, ...rest }: PartProps & { part: ComponentType<PartProps> }) {
  return (
    <Suspense fallback={<div className="h-24" />}>
      <Part {...rest} />
    </Suspense>
  )
}

function Edited({ at }: { at: number }) {
  const { chat } = useWords()
  const language = useLanguage()
  return (
    <span className="text-[0.75rem] text-soft" title={fullTime(language, at)}>
      {chat.edited}
    </span>
  )
}

export function QuoteLine({ quote, onGo }: { quote: NonNullable<Said['replyTo']>; onGo?: (seq: number) => void }) {
  const { chat } = useWords()
  const name = quote.name || chat.formerMember
  return (
    <button
      type="button"
      aria-label={chat.quoteOf(name)}
      disabled={quote.deleted || !onGo}
      className={classNames(
        personClass(quote.member),
        'my-0.5 flex max-w-full items-center gap-1.5 rounded-[8px] border-s-3 border-person bg-ink/4 py-0.5 ps-2 pe-2.5 text-start text-[0.8438rem] enabled:hover:bg-ink/8 pointer-coarse:min-h-9',
      )}
      onClick={() => onGo?.(quote.seq)}
    >
      <CornerUpLeft size={14} className="flex-none text-soft" aria-hidden="true" />
      <b dir="auto" className="max-w-28 flex-none truncate font-semibold text-person-ink">
        {name}
      </b>
      <span dir="auto" className="min-w-0 truncate text-soft">
        {quote.deleted ? chat.goneQuote : quote.text}
      </span>
    </button>
  )
}
