import { AppError, type Line } from '@maru/protocol'
import ArrowLeft from 'lucide-react/icons/arrow-left'
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { IconButton } from '../../ui/IconButton.tsx'
import type { Desk } from './desk.ts'
import { useMoreWords } from './more-words.ts'
import { RowView } from './RowView.tsx'
import { buildTimeline } from './timeline.ts'
import { useEnd } from './use-end.ts'
import { usePages } from './use-pages.ts'
import { walk } from './walk.ts'
import { useNames } from './who.ts'

/** A message and its answers, in the place of the log; what is written meanwhile answers it. */
export function ThreadView({ desk, root }: { desk: Desk; root: number }) {
  const words = useMoreWords()
  const { chat } = useWords()
  const thread = useStore(desk.client, (state) => state.thread)
  const me = useStore(desk.client, (state) => state.me)
  const failed = useLoaded(desk, root)
  const older = usePages(thread?.hasOlder ?? false, () => desk.client.loadOlderAnswers())
  const lines = thread?.root === root ? thread.entries : none
  const names = useNames(desk.client, lines)
  const rows = useRows(desk, root, lines)
  const log = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const { onScroll, follow } = useEnd(log, true)
  useSize([log, content], follow)
  // What was pressed went away with the log; who is in the field already stays there.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) log.current?.focus()
  }, [])
  const answers = lines.filter(({ seq }) => seq !== root).length
  return (
    <>
      <div className="flex items-center gap-1.5 border-b border-line py-1.5 ps-2 pe-5">
        <IconButton
          icon={ArrowLeft}
          label={words.leaveThread}
          className="rtl:-scale-x-100"
          onClick={desk.closeThread}
        />
        <div className="min-w-0 flex-1">
          <h2 className="text-[1.0625rem]/[1.3] font-bold tracking-tight">{words.thread}</h2>
          {answers > 0 && <p className="text-[0.8125rem] text-soft">{chat.answers(answers)}</p>}
        </div>
      </div>
      <div
        ref={log}
        role="log"
        aria-live="off"
        aria-label={words.threadLog}
        tabIndex={0}
        className="min-h-0 flex-1 overflow-x-clip overflow-y-auto overscroll-contain px-4.5 pt-3 pb-4 outline-offset-[-3px]"
        onScroll={onScroll}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !event.defaultPrevented) {
            event.preventDefault()
            desk.closeThread()
          } else walk(event)
        }}
      >
        <div ref={content}>
          {failed && (
            <p className="grid justify-items-center gap-2 py-6 text-soft">
              {words.threadFailed}
              <Button size="small" onClick={failed}>
                {words.tryAgain}
              </Button>
            </p>
          )}
          {thread?.hasOlder && lines.length > 0 && (
            <p className="text-center text-[0.8125rem] text-soft">
              {older.state === 'failed' && chat.olderFailed}
              <Button size="small" look="quiet" aria-disabled={older.state === 'loading'} onClick={older.load}>
                {{ idle: words.olderAnswers, loading: chat.loadingOlder, failed: chat.retry }[older.state]}
              </Button>
            </p>
          )}
          {rows.map((row) => (
            <RowView key={row.key} row={row} desk={desk} me={me} names={names} isLit={false} seenBy={undefined} />
          ))}
        </div>
      </div>
    </>
  )
}

const none: readonly Line[] = []

/** Loads the thread, again after an absence so long that it was let go of; gives the way to try again where that failed. */
function useLoaded(desk: Desk, root: number): (() => void) | undefined {
  const [failed, setFailed] = useState(false)
  const { client } = desk
  const isMissing = useStore(client, (state) => state.connection === 'open' && state.thread?.root !== root)
  useEffect(() => {
    if (!isMissing || failed) return
    // Lost with its connection, it is asked for again with the next one.
    client.loadThread(root).catch((error) => setFailed(!(error instanceof AppError && error.code === 'disconnected')))
  }, [client, root, isMissing, failed])
  useEffect(() => () => client.closeThread(), [client])
  return failed ? () => setFailed(false) : undefined
}

/** The rows of the thread. That an answer answers the first message goes without saying here. */
function useRows(desk: Desk, root: number, lines: readonly Line[]) {
  const waiting = useStore(desk.client, (state) => state.pending)
  const me = useStore(desk.client, (state) => state.me?.id)
  return useMemo(() => {
    const there = new Set([root, ...lines.map(({ seq }) => seq)])
    const entries = lines.map((line) => {
      if (line.kind !== 'message') return line
      const { answers: _answers, replyTo, ...rest } = line
      return { ...rest, ...(replyTo && replyTo.seq !== root && { replyTo }) }
    })
    const pending = waiting.filter(({ replyTo }) => replyTo !== undefined && there.has(replyTo))
    return buildTimeline({ entries, pending, me, newFrom: undefined })
  }, [lines, waiting, me, root])
}

/** Calls back when one of these elements is shown and whenever its size has changed, before that is painted. */
function useSize(elements: readonly RefObject<HTMLElement | null>[], changed: () => void): void {
  const watched = useRef(elements)
  useLayoutEffect(() => {
    const observer = new ResizeObserver(changed)
    for (const { current } of watched.current) if (current) observer.observe(current)
    return () => observer.disconnect()
  }, [changed])
}
