type Urgency = 'polite' | 'assertive'

/** How long a text stays in its region: long enough to be read out, short enough not to be found by wandering. */
const KEPT_MS = 8_000

const regions: Partial<Record<Urgency, HTMLElement>> = {}

/** Says a text to those who hear the page, once. The regions stand outside of what is rendered, so nothing re-reads them. */
export function announce(text: string, urgency: Urgency = 'polite'): void {
  const region = openRegion(urgency)
  const line = document.createElement('p')
  line.textContent = text
  region.append(line)
  setTimeout(() => line.remove(), KEPT_MS)
}

/** A modal dialog makes everything outside of it silent, so the region moves into the topmost one while it is open. */
function openRegion(urgency: Urgency): HTMLElement {
  const host = [...document.querySelectorAll('dialog:modal')].at(-1) ?? document.body
  const region = regions[urgency] ?? makeRegion(urgency)
  regions[urgency] = region
  if (region.parentElement !== host) host.append(region)
  return region
}

/** Screen readers only hear changes of a region they already know, so both are there from the first moment. */
export function prepareAnnouncements(): void {
  openRegion('polite')
  openRegion('assertive')
}

function makeRegion(urgency: Urgency): HTMLElement {
  const region = document.createElement('div')
  region.className = 'sr-only'
  region.dataset.announcer = urgency
  region.setAttribute('role', urgency === 'polite' ? 'status' : 'alert')
  region.setAttribute('aria-live', urgency)
  region.setAttribute('aria-atomic', 'false')
  region.setAttribute('aria-relevant', 'additions')
  return region
}
