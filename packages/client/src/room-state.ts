/** A room as one client sees it, and everything that can happen to it. */
import {
  type CallPerson,
  type Entry,
  type FileInfo,
  type Line,
  limits,
  type Member,
  type Problem,
  type Retention,
  type ServerMessage,
  type Unread,
  type Welcome,
} from '@maru/protocol'

/** What somebody wants to say. */
export interface Draft {
  text: string
  /** For this member alone. */
  to?: Member
  /** The number of the message it answers. */
  replyTo?: number
  action?: boolean
  /** Complete uploads. */
  files?: readonly FileInfo[]
  poll?: { options: readonly string[]; multiple?: boolean }
}

/** A message on its way: shown below the timeline until its entry arrives. */
export interface PendingMessage extends Draft {
  clientId: string
  state: 'sending' | 'failed'
  /** Why it failed. */
  problem?: Problem
}

/** `waiting`: lost, the next attempt comes by itself at `retryAt`. `closed`: for good; `problem` tells why unless the user left. */
export type Connection = 'connecting' | 'open' | 'waiting' | 'closed'

/** A part of the log that does not reach to its end: where somebody has jumped to. */
export interface Past {
  readonly entries: readonly Line[]
  readonly hasOlder: boolean
  readonly hasNewer: boolean
}

/** A message and its answers, as somebody looks at them; answers that come are added. */
export interface Thread {
  /** The number of the first message. */
  readonly root: number
  /** Ascending; the first message comes with the last page. */
  readonly entries: readonly Line[]
  readonly hasOlder: boolean
}

export interface Typist {
  readonly member: string
  /** Only I am meant. */
  readonly isPrivate: boolean
  /** When it no longer counts, in ms since the epoch. */
  readonly until: number
}

export interface RoomState {
  readonly connection: Connection
  readonly problem?: Problem | { code: 'replaced'; message: string; field?: string }
  /** When the next attempt starts, in ms since the epoch. */
  readonly retryAt?: number
  readonly room: string
  readonly topic: string
  readonly retention: Retention
  /** The nickname asked for; `me.name` is the one given. */
  readonly name: string
  readonly me?: Member
  readonly people: readonly Member[]
  readonly call: readonly CallPerson[]
  /** The number of the last entry taken: the cursor of the next hello. */
  readonly cursor: number
  /** The newest lines of the log, ascending and without a hole. Each tells how it is now. */
  readonly entries: readonly Line[]
  readonly hasOlder: boolean
  /** What to show instead of `entries` after a jump. */
  readonly past?: Past
  /** Another number whenever what is shown begins anew somewhere else, by a jump or after a long absence. */
  readonly view: number
  readonly thread?: Thread
  /** Numbers of the pinned messages, the latest last. */
  readonly pinned: readonly number[]
  /** The own read mark and what is unread behind it. */
  readonly read: number
  readonly unread: Unread
  /** How far others have read, by member. */
  readonly reads: Readonly<Record<string, number>>
  readonly typing: readonly Typist[]
  /** Whether the server can store anything now. While it cannot, messages wait in `pending`. */
  readonly storageWorks: boolean
  readonly pending: readonly PendingMessage[]
  /** What this server accepts: characters of a text and a name, bytes of a file. */
  readonly limits: Welcome['limits']
}

/** Everything that changes a room as one client sees it. Times are ms since the epoch. */
export type RoomEvent =
  | { type: 'connecting' }
  | { type: 'received'; message: ServerMessage; at: number }
  | { type: 'lost'; retryAt: number; problem?: Problem }
  | { type: 'closed'; problem?: NonNullable<RoomState['problem']> }
  | { type: 'queued'; clientId: string; draft: Draft }
  /** What an earlier visit could not send. */
  | { type: 'restored'; messages: readonly PendingMessage[] }
  | { type: 'acknowledged'; clientId: string }
  | { type: 'failed'; clientId: string; problem: Problem }
  | { type: 'retried'; clientId: string }
  | { type: 'discarded'; clientId: string }
  /** A page before the line `first` or after the line `last`, which was the end of what is shown when it was asked for. */
  | { type: 'olderLoaded'; first: number; entries: readonly Entry[]; hasOlder: boolean }
  | { type: 'newerLoaded'; last: number; entries: readonly Entry[]; hasNewer: boolean }
  | { type: 'jumped'; entries: readonly Entry[]; hasOlder: boolean; hasNewer: boolean }
  | { type: 'returned' }
  /** Only so many of the lines shown are kept, at the end where they are read. */
  | { type: 'trimmed'; keep: 'first' | 'last'; lines: number }
  /** The newest page of a thread, or the one before the line `first`. */
  | { type: 'threadLoaded'; root: number; first?: number; entries: readonly Entry[]; hasOlder: boolean }
  | { type: 'threadClosed' }
  | { type: 'timePassed'; at: number }
  /** `name` was asked for, `given` is what others see. */
  | { type: 'renamed'; name: string; given?: string }

export function initialState(room: string, name: string): RoomState {
  return {
    connection: 'connecting',
    room,
    topic: '',
    retention: { keep: 'all' },
    name,
    people: [],
    call: [],
    cursor: 0,
    entries: [],
    hasOlder: false,
    view: 0,
    pinned: [],
    read: 0,
    unread: { messages: 0, mentions: 0 },
    reads: {},
    typing: [],
    storageWorks: true,
    pending: [],
    limits: { text: limits.text, name: limits.name, file: limits.fileBytes },
  }
}
