/** What LiveKit's clients ask of a server besides signalling and the room service, from pages of any origin. */
import { type App, refuseUpgrade } from '../http/app.ts'
import { answer, answerPreflight } from './rtc-routes.ts'

/** Doors of LiveKit servers that this one has not: who knocks is told so, instead of as if the address were misspelt. */
const missing = /^\/(agent|whip\/v1(\/.*)?)$/
const NOT_HERE = 'not available on this server'

export function addOtherDoors(app: Pick<App, 'route' | 'upgrade'>): void {
  for (const path of ['/', '/settings/regions', missing]) app.route('OPTIONS', path, answerPreflight)
  // Browsers ask before they connect (`prepareConnection`) and whether the server is back; the page itself says nothing to other origins.
  app.route('HEAD', '/', (_request, response) => answer(response, 200, ''))
  // Only servers in several regions answer; for clients that is none to choose from.
  app.route('*', '/settings/regions', (_request, response) => answer(response, 404, 'this server has one region'))
  app.route('*', missing, (_request, response) => answer(response, 501, NOT_HERE))
  app.upgrade(missing, (_request, socket) => refuseUpgrade(socket, 501, 'Not Implemented', NOT_HERE))
}
