import type { CallPerson, Entry, Member, Problem, ServerMessage } from '@maru/protocol'

/** A message on its way: shown below the timeline until its entry arrives. */
export interface PendingMessage {
  clientId: string
  text: string
  state: 'sending' | 'failed'
  /** Why it failed. */
  problem?: Problem
}

/** `waiting`: lost, the next attempt comes by itself at `retryAt`. `closed`: for good; `problem` tells why unless the user left. */
export type Connection = 'connecting' | 'open' | 'waiting' | 'closed'

export interface RoomState {
  readonly connection: Connection
  readonly problem?: Problem | { code: 'replaced'; message: string; field?: string }
  /** When the next attempt starts, in ms since the epoch. */
  readonly retryAt?: number
  readonly room: string
  /** The nickname asked for; `me.name` is the one given. */
  readonly name: string
  readonly me?: Member
  readonly people: readonly Member[]
  readonly call: readonly CallPerson[]
  /** Ascending and without gaps in `seq`. */
  readonly entries: readonly Entry[]
  readonly hasOlder: boolean
  readonly pending: readonly PendingMessage[]
}

/** Everything that changes a room as one client sees it. */
export type RoomEvent =
  | { type: 'connecting' }
  | { type: 'received'; message: ServerMessage }
  | { type: 'lost'; retryAt: number; problem?: Problem }
  | { type: 'closed'; problem?: NonNullable<RoomState['problem']> }
  | { type: 'queued'; clientId: string; text: string }
  | { type: 'acknowledged'; clientId: string }
  | { type: 'failed'; clientId: string; problem: Problem }
  | { type: 'retried'; clientId: string }
  | { type: 'discarded'; clientId: string }
  | { type: 'olderLoaded'; entries: readonly Entry[]; hasOlder: boolean }
  /** `name` was asked for, `given` is what others see. */
  | { type: 'renamed'; name: string; given?: string }

export function initialState(room: string, name: string): RoomState {
  return { connection: 'connecting', room, name, people: [], call: [], entries: [], hasOlder: false, pending: [] }
}

/** The next state. Pure: the same events in the same order give the same state. */
export function reduce(state: RoomState, event: RoomEvent): RoomState {
  switch (event.type) {
    case 'connecting':
      return { ...settled(state), connection: 'connecting' }
    case 'received':
      return receive(state, event.message)
    case 'lost':
      return {
        ...settled(state),
        connection: 'waiting',
        retryAt: event.retryAt,
        ...(event.problem && { problem: event.problem }),
      }
    case 'closed':
      return {
        ...settled(state),
        connection: 'closed',
        people: [],
        call: [],
        ...(event.problem && { problem: event.problem }),
      }
    case 'queued':
      return { ...state, pending: [...state.pending, { clientId: event.clientId, text: event.text, state: 'sending' }] }
    case 'acknowledged':
    case 'discarded':
      return { ...state, pending: state.pending.filter((message) => message.clientId !== event.clientId) }
    case 'failed':
      return changePending(state, event.clientId, ({ clientId, text }) => ({
        clientId,
        text,
        state: 'failed',
        problem: event.problem,
      }))
    case 'retried':
      return changePending(state, event.clientId, ({ clientId, text }) => ({ clientId, text, state: 'sending' }))
    case 'olderLoaded': {
      const first = state.entries[0]?.seq ?? Number.POSITIVE_INFINITY
      const older = event.entries.filter((entry) => entry.seq < first)
      return { ...state, entries: [...older, ...state.entries], hasOlder: event.hasOlder }
    }
    case 'renamed':
      return {
        ...state,
        name: event.name,
        ...(state.me && event.given !== undefined && { me: { id: state.me.id, name: event.given } }),
      }
  }
}

/** The state without what belongs to one attempt only. */
function settled(state: RoomState): RoomState {
  const { problem: _problem, retryAt: _retryAt, ...rest } = state
  return rest
}

function changePending(
  state: RoomState,
  clientId: string,
  change: (message: PendingMessage) => PendingMessage,
): RoomState {
  return {
    ...state,
    pending: state.pending.map((message) => (message.clientId === clientId ? change(message) : message)),
  }
}

function receive(state: RoomState, message: ServerMessage): RoomState {
  switch (message.type) {
    case 'welcome': {
      const base: RoomState = {
        ...settled(state),
        connection: 'open',
        room: message.room.name,
        me: message.me,
        people: message.people,
        call: message.call,
        ...(message.reset && { entries: [], hasOlder: message.hasOlder }),
      }
      return addEntries(base, message.entries)
    }
    case 'entry':
      return addEntries(state, [message.entry])
    case 'here':
      return {
        ...state,
        ...(state.me?.id === message.member.id && { me: message.member }),
        people: upsert(state.people, message.member),
      }
    case 'gone':
      return { ...state, people: state.people.filter((member) => member.id !== message.member) }
    case 'call':
      return { ...state, call: message.people }
    case 'reply':
    case 'error':
    case 'replaced':
      return state
  }
}

function upsert(people: readonly Member[], member: Member): Member[] {
  return people.some(({ id }) => id === member.id)
    ? people.map((other) => (other.id === member.id ? member : other))
    : [...people, member]
}

/** Takes entries newer than the last one held; own messages among them are no longer pending. */
function addEntries(state: RoomState, entries: readonly Entry[]): RoomState {
  const last = lastSeq(state)
  const news = entries.filter((entry) => entry.seq > last)
  if (news.length === 0) return state
  const own = new Set(
    news.flatMap((entry) => (entry.kind === 'message' && entry.member === state.me?.id ? [entry.clientId] : [])),
  )
  return {
    ...state,
    entries: [...state.entries, ...news],
    pending: own.size === 0 ? state.pending : state.pending.filter(({ clientId }) => !own.has(clientId)),
  }
}

/** The number of the newest entry held: the cursor of the next hello. */
export function lastSeq(state: RoomState): number {
  return state.entries.at(-1)?.seq ?? 0
}
