/** What of a room's log is shown: pages before and after, jumps, threads. Pure. */
import { isLine, limits } from '@maru/protocol'
import type { Past, RoomEvent, RoomState } from './room-state.ts'

type PageEvent = Extract<
  RoomEvent,
  {
    type: 'olderLoaded' | 'newerLoaded' | 'jumped' | 'returned' | 'trimmed' | 'threadLoaded' | 'threadClosed'
  }
>

/** A page that no longer joins what is shown is passed over: there was a reset or a jump while it was under way. */
export function turnPages(state: RoomState, event: PageEvent): RoomState {
  const { past, ...live } = state
  switch (event.type) {
    case 'olderLoaded': {
      const shown = past ?? state
      if (shown.entries[0]?.seq !== event.first) return state
      const entries = [...event.entries.filter(isLine).filter(({ seq }) => seq < event.first), ...shown.entries]
      const { hasOlder } = event
      return past ? { ...state, past: { ...past, entries, hasOlder } } : { ...state, entries, hasOlder }
    }
    case 'newerLoaded': {
      if (past?.entries.at(-1)?.seq !== event.last) return state
      const entries = [...(past?.entries ?? []), ...event.entries.filter(isLine).filter(({ seq }) => seq > event.last)]
      return joined(live, { entries, hasOlder: past?.hasOlder ?? false, hasNewer: event.hasNewer })
    }
    case 'jumped': {
      const { hasOlder, hasNewer } = event
      const view = state.view + 1
      return joined({ ...live, view }, { entries: event.entries.filter(isLine), hasOlder, hasNewer })
    }
    case 'returned':
      return past ? { ...live, view: state.view + 1 } : state
    case 'trimmed':
      return trim(state, event)
    case 'threadLoaded':
      return loadThread(state, event)
    case 'threadClosed': {
      const { thread, ...rest } = state
      return thread ? rest : state
    }
  }
}

/** What is far from where somebody reads is let go of; it is loaded again when they come near. */
function trim(state: RoomState, { keep, lines }: Extract<RoomEvent, { type: 'trimmed' }>): RoomState {
  const { past } = state
  const shown = past ?? state
  if (shown.entries.length <= lines) return state
  if (keep === 'first') {
    const entries = shown.entries.slice(0, lines)
    const newest = past ? {} : { entries: state.entries.slice(-limits.firstPage), hasOlder: true }
    return { ...state, ...newest, past: { entries, hasOlder: shown.hasOlder, hasNewer: true } }
  }
  const kept = { entries: shown.entries.slice(-lines), hasOlder: true }
  return past ? { ...state, past: { ...past, ...kept } } : { ...state, ...kept }
}

/** A page of a thread that is no longer the one looked at is passed over. What is held already is newer. */
function loadThread(state: RoomState, event: Extract<RoomEvent, { type: 'threadLoaded' }>): RoomState {
  const { root, first, hasOlder } = event
  const lines = event.entries.filter(isLine)
  if (first === undefined) return { ...state, thread: { root, entries: lines, hasOlder } }
  const { thread } = state
  if (thread?.root !== root || thread.entries[0]?.seq !== first) return state
  return {
    ...state,
    thread: { root, entries: [...lines.filter(({ seq }) => seq < first), ...thread.entries], hasOlder },
  }
}

/** The part jumped to and the newest lines; one where they meet. */
function joined(live: RoomState, past: Past): RoomState {
  const first = live.entries[0]?.seq ?? Number.POSITIVE_INFINITY
  const last = past.entries.at(-1)?.seq
  if (last === undefined) return live
  if (last < first && past.hasNewer) return { ...live, past }
  const begins = past.entries[0]?.seq ?? first
  if (begins >= first) return live
  return {
    ...live,
    entries: [...past.entries.filter(({ seq }) => seq < first), ...live.entries],
    hasOlder: past.hasOlder,
  }
}
