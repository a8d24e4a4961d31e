import { useCallback, useLayoutEffect, useRef, useState } from 'react'
import { remember, remembered } from '../../lib/remembered.ts'
import { focusInside } from '../../ui/regions.ts'

/** At most one panel stands beside the stage. */
export type Panel = 'chat' | 'people' | null

/** From here on the panel stands beside the stage; below it is a sheet over it. The style sheet has the same number. */
const WIDE = '(width >= 64rem)'

export const isWide = (): boolean => matchMedia(WIDE).matches

/** The panel last used, on a wide page; a narrow one starts with the stage free. */
export function lastPanel(): Panel {
  if (!isWide()) return null
  const saved = remembered('panel')
  return saved === 'people' || saved === 'chat' ? saved : saved === 'none' ? null : 'chat'
}

/**
 * Which panel is open. Opening one moves the focus into it and closing gives it back to what opened it; a panel that is
 * only shown along with a new page leaves the focus alone.
 */
export function usePanel(first: Panel): { panel: Panel; choose: (next: Panel) => void; show: (next: Panel) => void } {
  const [panel, setPanel] = useState<Panel>(first)
  const opener = useRef<HTMLElement | null>(null)
  const moved = useRef(false)

  const choose = useCallback((next: Panel) => {
    const focused = document.activeElement as HTMLElement | null
    if (next !== null && focused && !focused.closest('#panel')) opener.current = focused
    moved.current = true
    if (isWide()) remember('panel', next ?? 'none')
    setPanel(next)
  }, [])

  useLayoutEffect(() => {
    if (!moved.current) return
    moved.current = false
    if (panel !== null) focusInside(document.getElementById('panel'))
    else if (opener.current?.isConnected) opener.current.focus()
  }, [panel])

  useLayoutEffect(() => {
    if (panel === null) return
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return
      const inside = document.activeElement?.closest('#panel') !== null
      const layer = document.querySelector('dialog:modal, [popover]:popover-open:not([popover=manual])')
      if (layer || (!inside && isWide())) return
      event.preventDefault()
      choose(null)
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [panel, choose])
  return { panel, choose, show: setPanel }
}
