import { type RefObject, useCallback, useRef, useState } from 'react'
import type { VirtualizerHandle } from 'virtua'

/** How near to the end still counts as the end, in px. */
const END_PX = 24

/** Whether what is in view reaches the end of what there is, all in px. */
export const reachesEnd = (offset: number, viewport: number, whole: number): boolean =>
  offset + viewport >= whole - END_PX

/** Whether the reader is at the end, what came below meanwhile, and how to get there. */
export function useEnd(
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
      const isEnd = reachesEnd(offset, handle.viewportSize, handle.scrollSize)
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
  /** Somebody is led elsewhere: nothing pulls back to the end. */
  const release = useCallback(() => {
    stuck.current = false
  }, [])
  return { atEnd, below, onScroll, follow, toEnd, release }
}
