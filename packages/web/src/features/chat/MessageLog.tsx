import type { Line } from '@maru/protocol'
import ArrowDown from 'lucide-react/icons/arrow-down'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import type { Desk } from './desk.ts'
import { LogTop, OlderState } from './LogEdges.tsx'
import { RowView } from './RowView.tsx'
import { buildTimeline } from './timeline.ts'
import { useEnd } from './use-end.ts'
import { usePages } from './use-pages.ts'
import { useTarget } from './use-target.ts'
import { walk } from './walk.ts'
import { useNames, useSeen } from './who.ts'

/** How near to the top the next page of history is asked for, in px. */
const TOP_PX = 400
/** With more lines than this, those far from where somebody reads are let go of, so that a turn of pages costs the same in any room. */
const MOST_LINES = 400
const KEPT_LINES = 300

interface MessageLogProps {
  desk: Desk
  newFrom: number | undefined
}

/**
 * The messages of a room. Only what is near the view is in the page, so it stays quick with thousands. It keeps its end
 * in view while the reader is there, and keeps the read line in place while older ones come before it.
 */
export function MessageLog({ desk, newFrom }: MessageLogProps) {
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
  const view = useStore(client, (state) => state.view)
  const firstSeq = entries[0]?.seq
  const shown = useRef({ view, firstSeq })
  const shownPending = useRef(pending.length)
  const inPast = past !== undefined
  // True only for the rendering that puts rows before the others or takes some away there.
  const before = shown.current.view === view ? shown.current.firstSeq : undefined
  const shifts = before !== undefined && firstSeq !== undefined && before !== firstSeq
  const log = useRef<HTMLDivElement>(null)
  const { isAtEnd, onScroll, follow, toEnd, lead, led } = useEnd(log, !inPast)
  const below = useBelow(newest, isAtEnd && !inPast)
  const older = usePages(hasOlder, () => client.loadOlder())
  const newer = usePages(past?.hasNewer ?? false, () => client.loadNewer())
  const lit = useTarget(desk, list, rows, { hasTop: !hasOlder, onGo: lead })
  const goToEnd = () => {
    // The list goes on leading to a message while rows are measured, unless it is to lead elsewhere.
    if (lit !== undefined) list.current?.scrollToIndex(rows.length, { align: 'end' })
    toEnd()
  }

  useLayoutEffect(() => {
    shown.current = { view, firstSeq }
    // Who writes wants to see it: an own message leads back to the end.
    if (pending.length > shownPending.current) goToEnd()
    else if (!shifts) follow()
    shownPending.current = pending.length
    // A page of history that does not fill the view cannot be scrolled, so the next one comes by itself.
    const handle = list.current
    if (handle && handle.scrollSize <= handle.viewportSize && older.state === 'idle') older.load()
  })
  useEffect(() => {
    if (lit === undefined) led()
  }, [lit, led])
  // After the rendering that added some: a list that grows at one end and shrinks at the other at once would lose its place.
  useEffect(() => {
    const handle = list.current
    if (!handle || entries.length <= MOST_LINES) return
    client.trim(handle.scrollOffset * 2 < handle.scrollSize ? 'first' : 'last', KEPT_LINES)
  }, [client, entries])

  if (!me && entries.length === 0) return <p className="grid flex-1 place-items-center p-6 text-soft">{chat.loading}</p>
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {/* Announcements are made one by one elsewhere: rows that come and go with scrolling must not be read out. */}
      <div
        ref={log}
        role="log"
        aria-live="off"
        aria-label={chat.log}
        tabIndex={0}
        // By itself the list takes no clicks until it has stood still for a moment: a press that meets a new line would go nowhere.
        className="flex min-h-0 flex-1 flex-col overflow-x-clip overflow-y-auto overscroll-contain px-4.5 pt-3 pb-4 outline-offset-[-3px] [overflow-anchor:none] *:pointer-events-auto!"
        onKeyDown={walk}
      >
        <div className="flex-1" />
        <Virtualizer
          key={view}
          ref={list}
          shift={shifts}
          onScroll={(offset) => {
            onScroll()
            const handle = list.current
            if (offset < TOP_PX) older.load()
            if (handle && offset + handle.viewportSize > handle.scrollSize - TOP_PX) newer.load()
          }}
          onResize={follow}
        >
          {[
            // Absent while there is more before it: what is put first must be new, or the read line would move.
            ...(hasOlder
              ? []
              : [<LogTop key="top" empty={!rows.some(({ kind }) => kind === 'message' || kind === 'pending')} />]),
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
      {(!isAtEnd || inPast) && (
        <Button
          size="small"
          className="rise absolute start-1/2 bottom-3 -translate-x-1/2 rounded-full shadow-soft rtl:translate-x-1/2"
          onClick={() => {
            client.returnToNewest()
            goToEnd()
          }}
        >
          <ArrowDown size={16} aria-hidden="true" />
          {below > 0 ? chat.newBelow(below) : chat.latest}
        </Button>
      )}
    </div>
  )
}

/** How many messages came since the end was last in view; who comes and goes meanwhile is none. */
function useBelow(entries: readonly Line[], isEndInView: boolean): number {
  const seen = useRef(0)
  if (isEndInView) seen.current = entries.at(-1)?.seq ?? 0
  return entries.reduce((sum, { kind, seq }) => sum + (kind === 'message' && seq > seen.current ? 1 : 0), 0)
}

const none: readonly [] = []
