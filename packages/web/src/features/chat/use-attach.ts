import { type RefObject, useLayoutEffect, useRef, useState } from 'react'
import { useLanguage } from '../../lib/words/use-words.ts'
import { toast } from '../../ui/Toasts.tsx'
import type { Attachment } from './attachments.ts'
import type { Desk } from './desk.ts'
import { filesIn } from './files-in.ts'

/**
 * Takes files from a choice, a paste or a drop anywhere on the page; after a drop the message field has the focus. `take` gives whether there
 * were any, `isOver` whether some are held over the page.
 */
export function useAttach(desk: Desk, field: RefObject<HTMLElement | null>) {
  const language = useLanguage()
  const [isOver, setIsOver] = useState(false)
  const attach = ({ files, hasFolder }: { files: readonly File[]; hasFolder: boolean }) => {
    void desk.attach(files).then(async (all) => {
      if (all && !hasFolder) return
      const { moreWords } = await import('./more-words.ts')
      toast(moreWords(language)[hasFolder ? 'noFolders' : 'tooManyFiles'])
    })
  }
  /** Gives whether there was anything to take. */
  const take = (data: DataTransfer | null) => {
    const found = data && filesIn(data)
    if (!found || (found.files.length === 0 && !found.hasFolder)) return false
    attach(found)
    return true
  }
  /** Why nothing is sent yet: files are on their way, or one could not be sent. */
  const tellHeld = async (waits: readonly Attachment[]) => {
    const { moreWords } = await import('./more-words.ts')
    toast(moreWords(language)[waits.some(({ state }) => state.at === 'failed') ? 'fileStuck' : 'fileUnderWay'])
  }
  const latest = useRef(take)
  latest.current = take
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
      if (!latest.current(event.dataTransfer)) return
      event.preventDefault()
      field.current?.focus()
    }
    // Entering counts too: where the page puts something else under the pointer, it is all that is asked before the drop.
    addEventListener('dragenter', over)
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragenter', over)
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
    }
  }, [field])
  return { attach, take, tellHeld, isOver }
}
