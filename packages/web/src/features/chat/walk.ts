import type { KeyboardEvent } from 'react'

/** Arrows up and down go from message to message, which is how they are reached without a mouse. */
export function walk(event: KeyboardEvent<HTMLElement>): void {
  const log = event.currentTarget
  const from = event.target as HTMLElement
  const isUp = event.key === 'ArrowUp'
  if ((!isUp && event.key !== 'ArrowDown') || (from !== log && !from.dataset.message)) return
  const all = [...log.querySelectorAll<HTMLElement>('[data-message]')]
  const next = from === log ? (isUp ? all.at(-1) : undefined) : all[all.indexOf(from) + (isUp ? -1 : 1)]
  if (!next) return
  event.preventDefault()
  next.focus()
}
