import { forgetOutbox } from './kept-outbox.ts'
import { forgetRemembered } from './remembered.ts'

/** Nothing of a person stays in this browser: no token, no name, no rooms, nothing that waited to be sent. Whoever calls leaves the page then. */
export async function forgetBrowser(): Promise<void> {
  forgetRemembered()
  await forgetOutbox()
}
