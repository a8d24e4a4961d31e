const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]'

/**
 * F6 goes through the parts of the page marked `data-region`, in the order of the page; with Shift backwards. Gives the
 * way to stop. Firefox would take F6 for its own bar, so the key is kept.
 */
export function cycleRegions(): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'F6' || event.ctrlKey || event.altKey || event.metaKey) return
    if (document.querySelector('dialog:modal')) return
    const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter(isShown)
    if (regions.length === 0) return
    event.preventDefault()
    const at = regions.findIndex((region) => region.contains(document.activeElement))
    const step = event.shiftKey ? -1 : 1
    const next = at < 0 ? (event.shiftKey ? -1 : 0) : (at + step) % regions.length
    focusInside(regions.at(next))
  }
  addEventListener('keydown', onKeyDown)
  return () => removeEventListener('keydown', onKeyDown)
}

/** Puts the focus on what a region wants it on, on its first control, or on the region itself. */
export function focusInside(region: HTMLElement | null | undefined): void {
  if (!region) return
  const inside = [...region.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (item) => item.tabIndex >= 0 && isShown(item),
  )
  const target = region.querySelector<HTMLElement>('[data-first-focus]') ?? inside[0] ?? region
  target.focus()
}

function isShown(element: HTMLElement): boolean {
  return element.checkVisibility?.() ?? element.offsetParent !== null
}
