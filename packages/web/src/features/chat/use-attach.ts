import { useEffect, useRef } from 'react'
import { useWords } from '../../lib/words/use-words.ts'
import { toast } from '../../ui/Toasts.tsx'
import type { Desk } from './desk.ts'

/** Takes files from a choice, a paste or a drop anywhere on the page. Gives whether there were any. */
export function useAttach(desk: Desk): (files: FileList | null | undefined) => boolean {
  const { chat } = useWords()
  const attach = (files: FileList | null | undefined) => {
    const list = [...(files ?? [])]
    if (list.length > 0) void desk.attach(list).then((all) => all || toast(chat.tooManyFiles))
    return list.length > 0
  }
  const latest = useRef(attach)
  latest.current = attach
  useEffect(() => {
    const over = (event: DragEvent) => event.dataTransfer?.types.includes('Files') && event.preventDefault()
    const drop = (event: DragEvent) => latest.current(event.dataTransfer?.files) && event.preventDefault()
    addEventListener('dragover', over)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('drop', drop)
    }
  }, [])
  return attach
}
