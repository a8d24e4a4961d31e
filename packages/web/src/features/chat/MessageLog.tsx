import type { RoomClient } from '@maru/client'
import type { Line, Member } from '@maru/protocol'
import ArrowDown from 'lucide-react/icons/arrow-down'
import {
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import type { Desk } from './desk.ts'
import { RowView } from './RowView.tsx'
import { buildTimeline, type Row } from './timeline.ts'

/** How near to the end still counts as the end, in px. */
const END_PX = 24
/** How near to the top the next page of history is asked for, in px. */
const TOP_PX = 400

interface MessageLogProps {
  desk: Desk
  newFrom: number | undefined
  className?: string
}

/**
 * The messages of a room. Only what is near the view is in the page, so it stays quick with thousands. It keeps its end
 * in view while the reader is there, and keeps the read line in place while older ones come before it.
 */
export function MessageLog({ desk, newFrom, className }: MessageLogProps) {
  const { client } = desk
  const { chat } = useWords()
  const newest = useStore(client, (state) => state.entries)
  const past = useStore(client, (state) => state.past)
  const waiting = useStore(client, (state) => state.pending)
  const me = useStore(client, (state) => state.me)
  const olderThere = useStore(client, (state) => state.hasOlder)
  const { entries, hasOlder } = past ?? { entries: newest, hasOlder: olderThere }
  const pending = past?.hasNewer ? none : waiting
  const rows = useMemo(
    () => buildTimeline({ entries, pending, me: me?.id, newFrom }),
    [entries, pending, me?.id, newFrom],
  )
  const names = useNames(client, entries)
  const seen = useSeen(client, entries, names)
  const list = useRef<VirtualizerHandle>(null)
  const firstSeq = entries[0]?.seq
  const shownFirst = useRef(firstSeq)
  const shownPending = useRef(pending.length)
  const inPast = past !== undefined
  // True only for the rendering that puts older rows before the others.
  const prepending = shownFirst.current !== undefined && firstSeq !== undefined && firstSeq < shownFirst.current
  const { atEnd, below, onScroll, toEnd, follow } = useEnd(list, rows.length, newest, inPast)
  const older = usePages(hasOlder, () => client.loadOlder())
  const newer = usePages(past?.hasNewer ?? false, () => client.loadNewer())
  const lit = useTarget(desk, list, rows, hasOlder)

  useLayoutEffect(() => {
    shownFirst.current = firstSeq
    // Who writes wants to see it: an own message leads back to the end.
    if (pending.length > shownPending.current) toEnd()
    else if (!prepending) follow()
    shownPending.current = pending.length
    // A page of history that does not fill the view cannot be scrolled, so the next one comes by itself.
    const handle = list.current
    if (handle && handle.scrollSize <= handle.viewportSize && older.state === 'idle') older.load()
  })

  if (!me && entries.length === 0) return <p className="grid flex-1 place-items-center p-6 text-soft">{chat.loading}</p>
  return (
    <div className={`relative flex min-h-0 flex-1 flex-col ${className ?? ''}`}>
      {/* Announcements are made one by one elsewhere: rows that come and go with scrolling must not be read out. */}
      <div
        role="log"
        aria-live="off"
        aria-label={chat.log}
        tabIndex={0}
        className="flex min-h-0 flex-1 flex-col overflow-x-clip overflow-y-auto overscroll-contain px-4.5 pt-3 pb-4 outline-offset-[-3px] [overflow-anchor:none]"
        onKeyDown={walk}
      >
        <div className="flex-1" />
        <Virtualizer
          key={inPast ? 'past' : 'newest'}
          ref={list}
          shift={prepending}
          onScroll={(offset) => {
            onScroll(offset)
            const handle = list.current
            if (offset < TOP_PX) older.load()
            if (handle && offset + handle.viewportSize > handle.scrollSize - TOP_PX) newer.load()
          }}
          onResize={follow}
        >
          {[
            // Absent while there is more before it: what is put first must be new, or the read line would move.
            ...(hasOlder ? [] : [<LogTop key="top" empty={rows.length === 0} />]),
            ...rows.map((row) => (
              <RowView
                key={row.key}
                row={row}
                desk={desk}
                me={me}
                names={names}
                isLit={row.kind === 'message' && row.message.seq === lit}
                seenBy={row.kind === 'message' && row.message.seq === seen?.seq ? seen.by : undefined}
              />
            )),
          ]}
        </Virtualizer>
      </div>
      <OlderState older={older} />
      {(!atEnd || inPast) && (
        <Button
          size="small"
          className="rise absolute start-1/2 bottom-3 -translate-x-1/2 rounded-full shadow-soft rtl:translate-x-1/2"
          onClick={() => {
            client.returnToNewest()
            toEnd()
          }}
        >
          <ArrowDown size={16} aria-hidden="true" />
          {below > 0 ? chat.newBelow(below) : chat.latest}
        </Button>
      )}
    </div>
  )
}

const none: readonly [] = []

/** Arrows up and down go from message to message, which is how they are reached without a mouse. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const log = event.currentTarget
  const from = event.target as HTMLElement
  const isUp = event.key === 'ArrowUp'
  if ((!isUp && event.key !== 'ArrowDown') || (from !== log && !from.dataset.message)) return
  const all = [...log.querySelectorAll<HTMLElement>('[data-message]')]
  const next = from === log ? (isUp ? all.at(-1) : undefined) : all[all.indexOf(from) + (isUp ? -1 : 1)]
  if (!next) return
  event.preventDefault()
  next.focus()
}

/** Who is here or has said something, by the name they have now: those a text may call. */
function useNames(client: RoomClient, entries: readonly Line[]): readonly Member[] {
  const people = useStore(client, (state) => state.people)
  return useMemo(() => {
    const known = new Map<string, Member>()
    for (const { member, name } of entries) if (name) known.set(member, { id: member, name })
    for (const { id, name } of people) known.set(id, { id, name })
    return [...known.values()]
  }, [entries, people])
}

/** The last own message, and who of those here has read it. */
function useSeen(client: RoomClient, entries: readonly Line[], names: readonly Member[]) {
  const reads = useStore(client, (state) => state.reads)
  const me = useStore(client, (state) => state.me?.id)
  return useMemo(() => {
    const last = entries.findLast((entry) => entry.kind === 'message' && entry.member === me)
    if (!last) return undefined
    const by = names.filter(({ id }) => id !== me && (reads[id] ?? 0) >= last.seq).map(({ name }) => name)
    return { seq: last.seq, by }
  }, [entries, names, reads, me])
}

/** How long a message that was jumped to is marked. */
const LIT_MS = 2_500

/** Brings what the desk points at into view, as soon as it is among the rows; gives its number while it is marked. */
function useTarget(desk: Desk, list: RefObject<VirtualizerHandle | null>, rows: readonly Row[], hasOlder: boolean) {
  const target = useStore(desk.target, (state) => state)
  const [lit, setLit] = useState<number>()
  const done = useRef(target)
  useEffect(() => {
    if (!target || done.current === target) return
    const index = rows.findIndex((row) => row.kind === 'message' && row.message.seq === target.seq)
    if (index < 0) return
    done.current = target
    setLit(target.seq)
    list.current?.scrollToIndex(index + (hasOlder ? 0 : 1), { align: 'center' })
    const frame = requestAnimationFrame(() =>
      document.querySelector<HTMLElement>(`[data-message="${target.seq}"]`)?.focus({ preventScroll: true }),
    )
    return () => cancelAnimationFrame(frame)
  }, [target, rows, hasOlder, list])
  useEffect(() => {
    if (lit === undefined) return
    const timer = setTimeout(() => setLit(undefined), LIT_MS)
    return () => clearTimeout(timer)
  }, [lit])
  return lit
}

/** Whether the reader is at the end, what came below meanwhile, and how to get there. */
function useEnd(
  list: RefObject<VirtualizerHandle | null>,
  rows: number,
  entries: readonly { seq: number }[],
  inPast: boolean,
) {
  const [atEnd, setAtEnd] = useState(true)
  const stuck = useRef(true)
  const seen = useRef<number>(0)
  const last = entries.at(-1)?.seq ?? 0
  if (atEnd && !inPast) seen.current = last
  // Where somebody has jumped to, nothing pulls away.
  if (inPast) stuck.current = false
  const count = useRef(rows)
  count.current = rows

  const onScroll = useCallback(
    (offset: number) => {
      const handle = list.current
      if (!handle) return
      const isEnd = offset + handle.viewportSize >= handle.scrollSize - END_PX
      stuck.current = isEnd && !inPast
      setAtEnd(isEnd)
    },
    [list, inPast],
  )
  const follow = useCallback(() => {
    if (stuck.current) list.current?.scrollToIndex(count.current, { align: 'end' })
  }, [list])
  const toEnd = useCallback(() => {
    stuck.current = true
    setAtEnd(true)
    list.current?.scrollToIndex(count.current, { align: 'end' })
  }, [list])
  const below = entries.reduce((sum, entry) => sum + (entry.seq > seen.current ? 1 : 0), 0)
  return { atEnd, below, onScroll, follow, toEnd }
}

type Pages = { state: 'idle' | 'loading' | 'failed'; load: () => void }

function usePages(hasMore: boolean, loadMore: () => Promise<void>): Pages {
  const [state, setState] = useState<Pages['state']>('idle')
  const busy = useRef(false)
  const load = () => {
    if (busy.current || !hasMore) return
    busy.current = true
    setState('loading')
    loadMore()
      .then(
        () => setState('idle'),
        () => setState('failed'),
      )
      .finally(() => {
        busy.current = false
      })
  }
  return { state, load }
}

function OlderState({ older }: { older: Pages }) {
  const { chat } = useWords()
  if (older.state === 'idle') return null
  return (
    <div className="rise absolute start-1/2 top-2 flex -translate-x-1/2 items-center gap-1 rounded-full border border-line bg-surface ps-4 pe-4 text-[0.8125rem] whitespace-nowrap text-soft shadow-soft rtl:translate-x-1/2">
      <span className="py-2">{older.state === 'loading' ? chat.loadingOlder : chat.olderFailed}</span>
      {older.state === 'failed' && (
        <Button look="quiet" size="small" onClick={older.load}>
          {chat.retry}
        </Button>
      )}
    </div>
  )
}

/** Where the conversation begins. */
function LogTop({ empty }: { empty: boolean }) {
  const { chat } = useWords()
  if (!empty) return <p className="pt-6 pb-1 text-center text-[0.8125rem] text-faint">{chat.beginning}</p>
  return (
    <div className="pb-4 text-center">
      <p className="font-semibold">{chat.empty}</p>
      <p className="mx-auto mt-1 max-w-72 text-sm text-soft">{chat.emptyHint}</p>
    </div>
  )
}
