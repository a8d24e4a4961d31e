import type { RoomClient } from '@maru/client'
import ArrowDown from 'lucide-react/icons/arrow-down'
import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { RowView } from './RowView.tsx'
import { buildTimeline } from './timeline.ts'

/** How near to the end still counts as the end, in px. */
const END_PX = 24
/** How near to the top the next page of history is asked for, in px. */
const TOP_PX = 400

interface MessageLogProps {
  client: RoomClient
  newFrom: number | undefined
  className?: string
}

/**
 * The messages of a room. Only what is near the view is in the page, so it stays quick with thousands. It keeps its end
 * in view while the reader is there, and keeps the read line in place while older ones come before it.
 */
export function MessageLog({ client, newFrom, className }: MessageLogProps) {
  const { chat } = useWords()
  const entries = useStore(client, (state) => state.entries)
  const pending = useStore(client, (state) => state.pending)
  const me = useStore(client, (state) => state.me)
  const hasOlder = useStore(client, (state) => state.hasOlder)
  const rows = useMemo(
    () => buildTimeline({ entries, pending, me: me?.id, newFrom }),
    [entries, pending, me?.id, newFrom],
  )
  const list = useRef<VirtualizerHandle>(null)
  const firstSeq = entries[0]?.seq
  const shownFirst = useRef(firstSeq)
  // True only for the rendering that puts older rows before the others.
  const prepending = shownFirst.current !== undefined && firstSeq !== undefined && firstSeq < shownFirst.current
  const { atEnd, below, onScroll, toEnd, follow } = useEnd(list, rows.length, entries)
  const older = useOlder(client, hasOlder)

  useLayoutEffect(() => {
    shownFirst.current = firstSeq
    if (!prepending) follow()
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
        className="flex min-h-0 flex-1 flex-col overflow-y-auto overscroll-contain px-4.5 pb-4 outline-offset-[-3px] [overflow-anchor:none]"
      >
        <div className="flex-1" />
        <Virtualizer
          ref={list}
          shift={prepending}
          onScroll={(offset) => {
            onScroll(offset)
            if (offset < TOP_PX) older.load()
          }}
          onResize={follow}
        >
          {[
            // Absent while there is more before it: what is put first must be new, or the read line would move.
            ...(hasOlder ? [] : [<LogTop key="top" empty={rows.length === 0} />]),
            ...rows.map((row) => <RowView key={row.key} row={row} client={client} me={me} />),
          ]}
        </Virtualizer>
      </div>
      <OlderState older={older} />
      {!atEnd && (
        <Button
          size="small"
          className="rise absolute start-1/2 bottom-3 -translate-x-1/2 rounded-full shadow-soft rtl:translate-x-1/2"
          onClick={toEnd}
        >
          <ArrowDown size={16} aria-hidden="true" />
          {below > 0 ? chat.newBelow(below) : chat.latest}
        </Button>
      )}
    </div>
  )
}

/** Whether the reader is at the end, what came below meanwhile, and how to get there. */
function useEnd(list: RefObject<VirtualizerHandle | null>, rows: number, entries: readonly { seq: number }[]) {
  const [atEnd, setAtEnd] = useState(true)
  const stuck = useRef(true)
  const seen = useRef<number>(0)
  const last = entries.at(-1)?.seq ?? 0
  if (atEnd) seen.current = last
  const count = useRef(rows)
  count.current = rows

  const onScroll = useCallback(
    (offset: number) => {
      const handle = list.current
      if (!handle) return
      stuck.current = offset + handle.viewportSize >= handle.scrollSize - END_PX
      setAtEnd(stuck.current)
    },
    [list],
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

type Older = { state: 'idle' | 'loading' | 'failed'; load: () => void }

function useOlder(client: RoomClient, hasOlder: boolean): Older {
  const [state, setState] = useState<Older['state']>('idle')
  const busy = useRef(false)
  const load = useCallback(() => {
    if (busy.current || !hasOlder) return
    busy.current = true
    setState('loading')
    client
      .loadOlder()
      .then(
        () => setState('idle'),
        () => setState('failed'),
      )
      .finally(() => {
        busy.current = false
      })
  }, [client, hasOlder])
  return { state, load }
}

function OlderState({ older }: { older: Older }) {
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
