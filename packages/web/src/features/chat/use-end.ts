import { type RefObject, useCallback, useRef, useState } from 'react'
import { afterLead, afterScroll, atEnd, reachesEnd, type Stand, type View } from './stand.ts'

/** Keeps the end of a log in view for who is there, until they scroll up themselves or are led elsewhere. Nobody stays at it who may not. */
export function useEnd(log: RefObject<HTMLElement | null>, mayStay: boolean) {
  const [isAtEnd, setAtEnd] = useState(true)
  const stand = useRef<Stand>(unseen)
  const allowed = useRef(mayStay)
  allowed.current = mayStay
  if (!mayStay) stand.current = { at: 'free' }

  /** The size of the log or of what is in it may have changed: who is at the end sees the end. */
  const follow = useCallback(() => {
    const box = log.current
    if (!box || stand.current.at !== 'end') return
    box.scrollTop = box.scrollHeight
    stand.current = atEnd(viewOf(box))
  }, [log])
  const take = useCallback(
    (next: Stand, view: View) => {
      stand.current = allowed.current ? next : { at: 'free' }
      setAtEnd(next.at === 'end' || reachesEnd(view))
      if (!reachesEnd(view)) follow()
    },
    [follow],
  )
  const onScroll = useCallback(() => {
    const box = log.current
    // What has no size is not shown: nobody scrolls in it.
    if (!box || box.clientHeight === 0) return
    take(afterScroll(stand.current, viewOf(box)), viewOf(box))
  }, [log, take])
  const toEnd = useCallback(() => {
    stand.current = unseen
    setAtEnd(true)
    follow()
  }, [follow])
  /** Somebody is led to a message: until they have been, nothing pulls to the end, also where the way passes it. */
  const lead = useCallback(() => {
    stand.current = { at: 'led', toEnd: stand.current.at === 'end' }
  }, [])
  const led = useCallback(() => {
    const box = log.current
    if (!box || stand.current.at !== 'led') return
    take(afterLead(stand.current, viewOf(box)), viewOf(box))
  }, [log, take])
  return { isAtEnd, onScroll, follow, toEnd, lead, led }
}

const unseen = atEnd({ offset: 0, viewport: 0, whole: 0 })

function viewOf({ scrollTop, clientHeight, scrollHeight }: HTMLElement): View {
  return { offset: scrollTop, viewport: clientHeight, whole: scrollHeight }
}
