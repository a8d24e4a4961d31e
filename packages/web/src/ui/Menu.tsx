import { type CSSProperties, type ReactNode, type RefObject, useId, useRef, useState } from 'react'
import { classNames } from './class-names.ts'
import { useRoving } from './roving.ts'

export interface MenuItem {
  id: string
  label: ReactNode
  /** Given for a choice: the item is a radio of the menu. */
  checked?: boolean
  disabled?: boolean
}

interface MenuProps {
  /** Name of the menu; also of the button when `buttonLabel` is absent. */
  label: string
  items: MenuItem[]
  onPick: (id: string) => void
  /** What the button shows. */
  children: ReactNode
  buttonClassName?: string
  /** Opens above or below its button; turns over by itself where there is no room. */
  side?: 'above' | 'below'
}

const plainItem = { role: 'menuitem' }
const ITEM = '[role^=menuitem]:not([aria-disabled=true])'

/** A button with a menu on the platform's popover: light dismiss, Esc and the return of the focus are the browser's. */
export function Menu({ label, items, onPick, children, buttonClassName, side = 'below' }: MenuProps) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const anchor = `--menu${id.replace(/\W/g, '')}`

  const show = (last: boolean) => {
    const popover = box.current as (HTMLElement & { showPopover(options?: object): void }) | null
    popover?.showPopover({ source: button.current })
    const list = popover?.querySelectorAll<HTMLElement>(ITEM)
    list?.[last ? list.length - 1 : 0]?.focus()
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        popoverTarget={id}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        title={label}
        className={buttonClassName}
        style={{ anchorName: anchor } as CSSProperties}
        onClick={(event) => {
          // A click without detail is the keyboard's: it goes to the first item, the mouse's does not.
          if (event.detail !== 0 || open) return
          event.preventDefault()
          show(false)
        }}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
          event.preventDefault()
          event.stopPropagation()
          show(event.key === 'ArrowUp')
        }}
      >
        {children}
      </button>
      <MenuList
        box={box}
        id={id}
        label={label}
        items={items}
        onPick={onPick}
        onOpen={setOpen}
        style={
          {
            positionAnchor: anchor,
            positionArea: `${side === 'above' ? 'block-start' : 'block-end'} span-all`,
          } as CSSProperties
        }
      />
    </>
  )
}

interface MenuListProps {
  box: RefObject<HTMLDivElement | null>
  id: string
  label: string
  items: MenuItem[]
  onPick: (id: string) => void
  onOpen: (open: boolean) => void
  style: CSSProperties
}

function MenuList({ box, id, label, items, onPick, onOpen, style }: MenuListProps) {
  const roving = useRoving(box, { items: ITEM, axis: 'y', typeahead: true })
  return (
    <div
      ref={box}
      id={id}
      popover="auto"
      role="menu"
      aria-label={label}
      tabIndex={-1}
      style={style}
      className="anchored max-w-[min(22rem,calc(100vw-1rem))] min-w-44 rounded-[14px] border border-line bg-raised p-1.5 shadow-soft outline-none"
      onToggle={(event) => onOpen((event as unknown as ToggleEvent).newState === 'open')}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Tab') box.current?.hidePopover()
        else roving.onKeyDown(event)
      }}
      onMouseMove={(event) => {
        const item = (event.target as HTMLElement).closest<HTMLElement>(ITEM)
        if (item && item !== document.activeElement) roving.go(item)
      }}
    >
      {items.map((item) => (
        <button
          key={item.id}
          type="button"
          {...(item.checked === undefined ? plainItem : { role: 'menuitemradio', 'aria-checked': item.checked })}
          aria-disabled={item.disabled || undefined}
          tabIndex={-1}
          className={classNames(
            'flex min-h-10 w-full items-center gap-2.5 rounded-[9px] px-3 text-start whitespace-normal outline-none focus:bg-wood-tint pointer-coarse:min-h-11',
            item.disabled && 'opacity-50',
            item.checked && 'font-semibold text-wood',
          )}
          onClick={() => {
            if (item.disabled) return
            box.current?.hidePopover()
            onPick(item.id)
          }}
        >
          {item.label}
        </button>
      ))}
    </div>
  )
}
