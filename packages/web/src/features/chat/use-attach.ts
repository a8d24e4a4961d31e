import { type RefObject, useLayoutEffect, useRef, useState } from 'react'
import { useWords } from '../../lib/words/use-words.ts'
import { toast } from '../../ui/Toasts.tsx'
import type { Desk } from './desk.ts'

/**
 * Takes files from a choice, a paste or a drop anywhere on the page; after a drop the message field has the focus. `attach` gives whether there
 * were any, `isOver` whether some are held over the page.
 */
export function useAttach(desk: Desk, field: RefObject<HTMLElement | null>) {
  const { chat } = useWords()
  const [isOver, setIsOver] = useState(false)
  const attach = (files: FileList | null | undefined) => {
    const list = [...(files ?? [])]
    if (list.length > 0) void desk.attach(list).then((all) => all || toast(chat.tooManyFiles))
    return list.length > 0
  }
  const latest = useRef(attach)
  latest.current = attach
  // What is let fall onto a page that does not listen yet is opened by the browser in its place.
  useLayoutEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setIsOver(true)
    }
    // Between two elements of the page there is another one that is entered; out of the page there is none.
    const leave = (event: DragEvent) => event.relatedTarget === null && setIsOver(false)
    const drop = (event: DragEvent) => {
      setIsOver(false)
      if (!latest.current(event.dataTransfer?.files)) return
      event.preventDefault()
      field.current?.focus()
    }
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
    }
  }, [field])
  return { attach, isOver }
}
