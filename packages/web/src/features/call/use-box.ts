import { type RefObject, useLayoutEffect, useState } from 'react'
import type { Box } from './grid.ts'

/** The size of an element in whole pixels, zero until it has been measured. */
export function useBox(element: RefObject<HTMLElement | null>): Box {
  const [box, setBox] = useState<Box>({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const measured = element.current
    if (!measured) return
    const measure = () => {
      const now = { width: measured.clientWidth, height: measured.clientHeight }
      setBox((before) => (before.width === now.width && before.height === now.height ? before : now))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(measured)
    return () => observer.disconnect()
  }, [element])
  return box
}
