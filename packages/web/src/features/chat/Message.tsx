import { callsOn, type Member } from '@maru/protocol'
import { type FocusEvent, lazy, type MouseEvent, Suspense, type SyntheticEvent, useRef, useState } from 'react'
import { saidIn } from '../../lib/said.ts'
import { clock, fullTime } from '../../lib/time.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'
import { classNames } from '../../ui/class-names.ts'
import { Body, Private } from './Body.tsx'
import { type Desk, isEditable } from './desk.ts'
import { Shape } from './Shape.tsx'
import type { MessageRow } from './timeline.ts'

// What only appears under the pointer or the focus comes when it is first wanted.
const MessageActions = lazy(async () => ({ default: (await import('./MessageActions.tsx')).MessageActions }))

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
  return (
    <article
      tabIndex={-1}
      aria-label={`${time} ${chat.says(name, message.deleted ? chat.deleted : saidIn(message))}`}
      data-message={message.seq}
      {...active.on}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
        const key = letterOf(event)
        if (key === 'r' && !message.deleted) desk.intent.set({ kind: 'reply', message })
        else if (key === 't') desk.openThread(message)
        else if (key === 'e' && own && isEditable(message)) desk.intent.set({ kind: 'edit', message })
        else if (event.key === 'Delete' && !message.deleted && (own || me?.owner)) desk.deleting.set(message)
        else return
        event.preventDefault()
      }}
      className={classNames(
        'group relative -mx-2 rounded-[10px] px-2 outline-wood focus-visible:outline-2',
        head ? 'mt-3 py-1' : 'py-0.5',
        active.is && 'bg-ink/4',
        !own && callsOn(message, me?.id) && 'bg-wood-tint/55',
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

/** The letter of a key; on a keyboard of another script that of its place. */
function letterOf({ key, code }: { key: string; code: string }): string | undefined {
  return (/^[a-z]$/i.test(key) ? key : /^Key([A-Z])$/.exec(code)?.[1])?.toLowerCase()
}

/** Lets go of the message whose actions are shown. */
let leaveOther = () => {}

/**
 * Pointed at or with the focus in it, and for as long as something of it stands open. One at a time, the last: a finger leaves no message when it
 * goes to another, and one that is scrolled below a resting mouse was not meant.
 */
function useActive() {
  const [is, show] = useState(false)
  // The focus may go and come back before anything is drawn.
  const now = useRef(false)
  const setIs = (next: boolean) => {
    now.current = next
    show(next)
  }
  const leave = (box: HTMLElement) => {
    if (!box.matches(':focus-within') && !box.querySelector(':popover-open')) setIs(false)
  }
  const take = ({ currentTarget: box }: SyntheticEvent<HTMLElement>) => {
    if (now.current) return
    leaveOther()
    leaveOther = () => {
      // What is in use stays; the message itself may have the focus without showing what can be done with it.
      const inner = box.querySelector(':focus')
      if (!inner && !box.querySelector(':popover-open')) setIs(false)
    }
    setIs(true)
  }
  return {
    is,
    on: {
      onMouseMove: take,
      onMouseLeave: (event: MouseEvent<HTMLElement>) => leave(event.currentTarget),
      onFocus: take,
      onBlur: (event: FocusEvent<HTMLElement>) => {
        const box = event.currentTarget
        if (box.contains(event.relatedTarget as Node | null) || box.matches(':hover')) return
        // What had the focus in an open picker may have made way for something else.
        if (!box.querySelector(':popover-open')) setIs(false)
      },
    },
  }
}
