import { useLayoutEffect, useRef } from 'react'
import { isWritingIn, type Shortcut, shortcutOf } from './shortcut.ts'

/** Listens for the keys of a call while it is shown. */
export function useShortcuts(run: (shortcut: Shortcut) => void): void {
  const latest = useRef(run)
  latest.current = run
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('dialog:modal')) return
      const shortcut = shortcutOf(event, isWritingIn(event.target))
      if (!shortcut) return
      // Ctrl+D is a bookmark and Ctrl+E the search field, unless taken.
      event.preventDefault()
      latest.current(shortcut)
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
}
