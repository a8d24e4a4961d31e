import { type CSSProperties, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react'
import { focusInside } from './regions.ts'

interface PopoverProps {
  /** Name of the button and of what it opens. */
  label: string
  icon: ReactNode
  buttonClassName?: string
  side?: 'above' | 'below'
  /** What is inside, made only while it is open. */
  children: (close: () => void) => ReactNode
}

/** A button with a small dialog hanging on it, on the platform's popover: light dismiss, Esc and the return of the focus are the browser's. */
export function Popover({ label, icon, buttonClassName, side = 'above', children }: PopoverProps) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)
  const anchor = `--pop${id.replace(/\W/g, '')}`
  const close = () => box.current?.hidePopover()
  // With what is inside and not a frame later: who is quick would press a key, and another button would get it.
  useLayoutEffect(() => {
    if (open) focusInside(box.current)
  }, [open])
  return (
    <>
      <button
        type="button"
        popoverTarget={id}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={label}
        title={label}
        className={buttonClassName}
        style={{ anchorName: anchor } as CSSProperties}
      >
        {icon}
      </button>
      <div
        ref={box}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        tabIndex={-1}
        style={
          {
            positionAnchor: anchor,
            positionArea: `${side === 'above' ? 'block-start' : 'block-end'} span-inline-end`,
          } as CSSProperties
        }
        className="anchored max-w-[calc(100vw-1rem)] rounded-[14px] border border-line bg-raised p-1.5 shadow-soft outline-none"
        onToggle={(event) => setOpen((event as unknown as ToggleEvent).newState === 'open')}
        onKeyDown={(event) => event.key !== 'Escape' && event.stopPropagation()}
      >
        {open && children(close)}
      </div>
    </>
  )
}
