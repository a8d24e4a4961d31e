import { createStore, useStore } from './store.ts'

/** The page has two addresses: `/` and `/r/NAME`. */
export type Route = { page: 'landing' } | { page: 'room'; room: string }

export function parsePath(path: string): Route {
  const match = /^\/+r\/([^/]+)\/?$/.exec(path)
  if (!match?.[1]) return { page: 'landing' }
  try {
    const room = decodeURIComponent(match[1]).normalize('NFC').trim()
    return room ? { page: 'room', room } : { page: 'landing' }
  } catch {
    return { page: 'landing' }
  }
}

export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`
}

const route = createStore<Route>(parsePath(globalThis.location?.pathname ?? '/'))
globalThis.addEventListener?.('popstate', () => route.set(parsePath(location.pathname)))

export function useRoute(): Route {
  return useStore(route, (value) => value)
}

export function navigate(path: string): void {
  history.pushState(null, '', path)
  route.set(parsePath(path))
}
