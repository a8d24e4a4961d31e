import { type RefObject, useLayoutEffect, useRef } from 'react'
import { useStore } from '../../lib/store.ts'
import type { Desk, Intent } from './desk.ts'

/** Puts into the field what the intent asks for, at once: the text that is edited, or the draft again. */
export function useIntent(
  desk: Desk,
  field: RefObject<HTMLTextAreaElement | null>,
  draft: RefObject<string>,
  write: (text: string) => void,
): Intent {
  const latest = useRef(write)
  latest.current = write
  useLayoutEffect(() => {
    let before = desk.intent.state()
    latest.current(before.kind === 'edit' ? (before.text ?? before.message.text) : draft.current)
    return desk.intent.subscribe((next) => {
      if (next.kind === 'edit') latest.current(next.text ?? next.message.text)
      else if (before.kind === 'edit') latest.current(draft.current)
      before = next
      field.current?.focus()
    })
  }, [desk, field, draft])
  return useStore(desk.intent, (state) => state)
}
