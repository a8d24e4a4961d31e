import { type KeyboardEvent, type RefObject, useLayoutEffect, useRef } from 'react'

interface RovingOptions {
  /** Which elements inside the box take part. */
  items: string
  axis: 'x' | 'y' | 'both'
  /** Whether a typed letter goes to the next item that starts with it. */
  typeahead?: boolean
  onMove?: (item: HTMLElement) => void
}

/** How long typed letters belong to one search. */
const TYPING_MS = 500

/**
 * Arrow keys, Home, End and typing over the items of a box, which is one stop for Tab. Nothing of it is state: the
 * place is where the focus is.
 */
export function useRoving(box: RefObject<HTMLElement | null>, { items, axis, typeahead, onMove }: RovingOptions) {
  const typed = useRef({ text: '', at: 0 })
  const all = () => [...(box.current?.querySelectorAll<HTMLElement>(items) ?? [])]

  const hold = (item: HTMLElement | undefined) => {
    for (const other of all()) other.tabIndex = other === item ? 0 : -1
  }
  const go = (item: HTMLElement | undefined) => {
    if (!item) return
    hold(item)
    item.focus()
    onMove?.(item)
  }
  useLayoutEffect(() => {
    const list = all()
    if (list.filter((item) => item.tabIndex === 0).length !== 1) hold(list[0])
  })

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const list = all()
    const at = list.indexOf(document.activeElement as HTMLElement)
    const target =
      arrowTarget(event, list, at, axis) ?? (typeahead ? typedTarget(event, list, at, typed.current) : undefined)
    if (!target) return
    event.preventDefault()
    go(target)
  }
  return { onKeyDown, all, go, hold }
}

function arrowTarget(event: KeyboardEvent, list: HTMLElement[], at: number, axis: 'x' | 'y' | 'both') {
  const forward = { x: ['ArrowRight'], y: ['ArrowDown'], both: ['ArrowRight', 'ArrowDown'] }[axis]
  const back = { x: ['ArrowLeft'], y: ['ArrowUp'], both: ['ArrowLeft', 'ArrowUp'] }[axis]
  if (event.key === 'Home') return list[0]
  if (event.key === 'End') return list.at(-1)
  if (forward.includes(event.key)) return list[(at + 1) % list.length]
  if (back.includes(event.key)) return list.at(at < 0 ? -1 : (at - 1) % list.length)
  return undefined
}

function typedTarget(event: KeyboardEvent, list: HTMLElement[], at: number, typed: { text: string; at: number }) {
  const after = [...list.slice(at + 1), ...list.slice(0, at + 1)]
  const byKey = after.find((item) => firstConsonantKey(item.textContent) === event.code)
  if (byKey) return byKey
  if (event.key.length !== 1) return undefined
  const going = event.timeStamp - typed.at < TYPING_MS
  if (event.key === ' ' && !going) return undefined
  typed.text = (going ? typed.text : '') + event.key.toLowerCase()
  typed.at = event.timeStamp
  const from = typed.text.length > 1 ? list.slice(Math.max(at, 0)).concat(list.slice(0, Math.max(at, 0))) : after
  return from.find((item) => item.textContent?.trim().toLowerCase().startsWith(typed.text))
}

/**
 * The key of a Korean label's first consonant on the two-set keyboard. Outside a text field the input method is off,
 * so 답장 is reached by the key of ㄷ whatever letter that key gives.
 */
function firstConsonantKey(label: string | null): string | undefined {
  const code = (label ?? '').trim().charCodeAt(0) - 0xac00
  return code >= 0 && code < 11_172 ? `Key${'RRSEEFAQQTTDWWCZXVG'[Math.floor(code / 588)]}` : undefined
}
