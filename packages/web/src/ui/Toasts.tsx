import X from 'lucide-react/icons/x'
import { useEffect, useRef, useState } from 'react'
import { createStore, useStore } from '../lib/store.ts'
import { useWords } from '../lib/words/use-words.ts'
import { announce } from './announce.ts'
import { Unbroken } from './Unbroken.tsx'

interface Toast {
  id: number
  text: string
}

const SHOWN_MS = 6_000
const toasts = createStore<readonly Toast[]>([])
let last = 0

/**
 * Shows a line for some seconds, and says it. It stands below the page's header: what was said last and the field to write in are at the other end.
 */
export function toast(text: string): void {
  last += 1
  toasts.set([...toasts.state().slice(-2), { id: last, text }])
  announce(text)
}

function dismiss(id: number): void {
  toasts.set(toasts.state().filter((item) => item.id !== id))
}

/** One at the root and one inside each modal dialog, because a modal makes everything outside of it inert. */
export function Toasts() {
  const { shell } = useWords()
  const list = useStore(toasts, (state) => state)
  const box = useRef<HTMLElement>(null)
  // Not before the dialog around it is open, which would lie over it with its veil.
  useEffect(() => {
    const wanted = list.length > 0
    if (box.current && box.current.matches(':popover-open') !== wanted) box.current.togglePopover(wanted)
  }, [list])
  return (
    <section
      ref={box}
      popover="manual"
      aria-label={shell.notices}
      className="pointer-events-none fixed inset-x-0 top-15 bottom-auto m-0 w-full flex-col items-center gap-2 border-0 bg-transparent px-3 py-1.5 open:flex"
    >
      {list.map((item) => (
        <ToastLine key={item.id} item={item} />
      ))}
    </section>
  )
}

function ToastLine({ item }: { item: Toast }) {
  const { shell } = useWords()
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => dismiss(item.id), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [held, item.id])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only waits while someone reads it.
    <div
      className="rise pointer-events-auto flex max-w-[min(32rem,100%)] items-center gap-2 rounded-[14px] bg-ink py-1 ps-4.5 pe-1 text-paper shadow-soft"
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        dismiss(item.id)
      }}
    >
      <span className="py-1.5">
        <Unbroken text={item.text} />
      </span>
      <button
        type="button"
        aria-label={shell.dismiss(item.text)}
        className="grid size-9 flex-none place-items-center rounded-button hover:bg-paper/15 focus-visible:outline-paper pointer-coarse:size-11"
        onClick={() => dismiss(item.id)}
      >
        <X size={18} aria-hidden="true" />
      </button>
    </div>
  )
}
