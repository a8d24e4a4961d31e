import { type RefObject, useEffect, useRef, useState } from 'react'
import type { VirtualizerHandle } from 'virtua'
import { useStore } from '../../lib/store.ts'
import type { Desk } from './desk.ts'
import type { Row } from './timeline.ts'

/** How long a message that was jumped to is marked. */
const LIT_MS = 2_500
/** Frames in which a row that was jumped to is awaited: a second of them, and more on a slow device. */
const PATIENCE_FRAMES = 60

/** Brings what the desk points at into view, as soon as it is among the rows; gives its number while it is marked. */
export function useTarget(
  desk: Desk,
  list: RefObject<VirtualizerHandle | null>,
  rows: readonly Row[],
  /** `hasTop`: one element stands before the rows. `onGo` is called when the log is led there. */
  { hasTop, onGo }: { hasTop: boolean; onGo: () => void },
): number | undefined {
  const target = useStore(desk.target, (state) => state)
  const [lit, setLit] = useState<number>()
  const done = useRef<typeof target>(undefined)
  useEffect(() => {
    if (!target || done.current === target) return
    const index = rows.findIndex((row) => row.kind === 'message' && row.message.seq === target.seq)
    if (index < 0) return
    done.current = target
    setLit(target.seq)
    onGo()
    list.current?.scrollToIndex(index + (hasTop ? 1 : 0), { align: 'center' })
    focusWhenShown(target.seq, document.activeElement, PATIENCE_FRAMES)
  }, [target, rows, hasTop, onGo, list])
  useEffect(() => {
    if (lit === undefined) return
    const timer = setTimeout(() => setLit((now) => (now === lit ? undefined : now)), LIT_MS)
    return () => clearTimeout(timer)
  }, [lit])
  return lit
}

/**
 * The list draws a row once it has scrolled there, which takes it a frame or more, and hides it until it is measured: what is hidden takes no
 * focus. New rows may come meanwhile. Who has gone somewhere else by then,
 * `from` where the focus was, is left alone.
 */
function focusWhenShown(seq: number, from: Element | null, frames: number): void {
  requestAnimationFrame(() => {
    const at = document.activeElement
    if (at !== from && at !== document.body) return
    const row = document.querySelector<HTMLElement>(`[data-message="${seq}"]`)
    row?.focus({ preventScroll: true })
    if (document.activeElement !== row && frames > 0) focusWhenShown(seq, from, frames - 1)
  })
}
