import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { toast } from '../../ui/Toasts.tsx'
import type { Desk, Intent } from './desk.ts'

/** Puts into the field what the intent asks for, at once: the text that is edited, or the draft again. */
export function useIntent(
  desk: Desk,
  field: RefObject<HTMLTextAreaElement | null>,
  draft: RefObject<string>,
  write: (text: string) => void,
): Intent {
  const { chat } = useWords()
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
  // What was deleted meanwhile can no longer be answered or edited. What was written stays.
  useEffect(
    () =>
      desk.client.subscribe(({ entries, past, thread }) => {
        const intent = desk.intent.state()
        if (intent.kind === 'write') return
        const { seq } = intent.message
        const lines = [entries, past?.entries, thread?.entries]
        const [line] = lines.flatMap((each) => each?.find((line) => line.seq === seq) ?? [])
        if (line?.kind !== 'message' || !line.deleted) return
        desk.intent.set({ kind: 'write' })
        toast(chat.goneQuote)
      }),
    [desk, chat],
  )
  return useStore(desk.intent, (state) => state)
}
