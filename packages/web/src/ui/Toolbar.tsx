import { type ReactNode, useRef } from 'react'
import { useRoving } from './roving.ts'

/** Controls that are one stop for Tab, with the arrow keys between them. */
export function Toolbar({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const { onKeyDown, all, hold } = useRoving(box, { items: 'button:not(:disabled)', axis: 'x' })
  return (
    <div
      ref={box}
      role="toolbar"
      aria-label={label}
      className={className}
      onKeyDown={(event) => {
        if (all().includes(event.target as HTMLElement)) onKeyDown(event)
      }}
      onFocus={(event) => {
        if (all().includes(event.target as HTMLElement)) hold(event.target as HTMLElement)
      }}
    >
      {children}
    </div>
  )
}
