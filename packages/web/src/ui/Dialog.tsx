import X from 'lucide-react/icons/x'
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import { useWords } from '../lib/words/use-words.ts'
import { IconButton } from './IconButton.tsx'
import { Toasts } from './Toasts.tsx'

interface DialogProps {
  title: string
  open: boolean
  onClose: () => void
  children: ReactNode
}

/** A modal on the platform's own dialog: Esc, a click beside it and the close button all end in `onClose`. */
export function Dialog({ title, open, onClose, children }: DialogProps) {
  const id = useId()
  const { shell } = useWords()
  const box = useRef<HTMLDialogElement>(null)
  const isGone = useRef(false)
  useLayoutEffect(() => {
    const dialog = box.current
    if (!dialog || open === dialog.open) return
    if (open) dialog.showModal()
    else dialog.close()
  }, [open])
  // One that is taken away while it is open gives the focus back as well; that it has closed is known then.
  useLayoutEffect(
    () => () => {
      isGone.current = true
      box.current?.close()
    },
    [],
  )
  return (
    <dialog
      ref={box}
      aria-labelledby={id}
      onClose={() => isGone.current || onClose()}
      {...{ closedby: 'any' }}
      className="rise m-auto max-h-[calc(100dvh-2rem)] w-[min(28rem,calc(100vw-1.5rem))] rounded-panel border border-line bg-surface p-0 text-ink shadow-soft backdrop:bg-(--veil)"
    >
      {open && (
        <>
          <div className="sticky top-0 z-10 flex items-center gap-2 bg-surface py-3 ps-6 pe-3">
            <h2 id={id} className="flex-1 text-lg font-bold tracking-tight">
              {title}
            </h2>
            <IconButton icon={X} label={shell.close} onClick={() => box.current?.close()} />
          </div>
          <div className="px-6 pb-6">{children}</div>
          <Toasts />
        </>
      )}
    </dialog>
  )
}
