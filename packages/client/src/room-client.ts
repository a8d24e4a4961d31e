import type { Asked, ReplyTo, Ticket } from '@maru/protocol'
import type { WebSocketLike } from './connector.ts'
import type { Outbox } from './outbox.ts'
import type { Draft, RoomState } from './room-state.ts'

export interface RoomOptions {
  /** The room socket, as `wss://host/socket`. */
  url: string
  room: string
  name: string
  /** The member token kept from an earlier visit. */
  token?: string | undefined
  /** A code that another device of the member was given: this one becomes the same member. */
  transfer?: string | undefined
  /** What this is, for the list of own sessions: "Firefox on Linux". */
  device?: string
  /** Called with a new member token, which the caller keeps. */
  onToken?: (token: string) => void
  /** Where messages wait while the page is closed; without one they are lost with it. */
  outbox?: Outbox
  /** Told when the outbox could not keep something. */
  onOutboxProblem?: (error: unknown) => void
  /** Opens a socket; the default is the platform's WebSocket, or an event stream where no WebSocket passes. */
  connect?: (url: string) => WebSocketLike
  now?: () => number
  /** 0 <= x < 1, for the jitter between attempts. */
  random?: () => number
  /** Calls back once after a time; gives the way to call it off. */
  schedule?: (delayMs: number, callback: () => void) => () => void
  /** A new id for an own message. */
  createClientId?: () => string
  /** A new member token, should one be needed: 64 hex digits nobody can guess. */
  createToken?: () => string
}

export interface RoomClient {
  state(): RoomState
  /** Calls back after every change; gives the way to stop. */
  subscribe(listener: (state: RoomState) => void): () => void
  /**
   * Puts a message on its way; it is in `pending` until its entry arrives.
   * @throws text_empty, text_too_long
   */
  send(message: string | Draft): void
  retry(clientId: string): void
  discard(clientId: string): void
  /**
   * Asks the server anything of the protocol that leaves the state to the events that follow: edit, delete, react, vote, pin, thread, search …
   * @throws AppError with the server's code, or `disconnected`
   */
  ask<Type extends Asked['type']>(question: Question<Type>): Promise<ReplyTo<Type>>
  /** Loads one more page before the first line shown. */
  loadOlder(): Promise<void>
  /** Loads one more page after the last line shown, after a jump. */
  loadNewer(): Promise<void>
  /** Shows the log around a number or a time (ms); in `past`, unless it is among the newest lines already. */
  jump(to: { seq: number } | { at: number }): Promise<void>
  /** Shows the newest lines again. */
  returnToNewest(): void
  /** Keeps only so many of the lines shown, the first or the last of them. */
  trim(keep: 'first' | 'last', lines: number): void
  /** Loads a message and the newest of its answers into `thread`, or one more page before them. */
  loadThread(root: number): Promise<void>
  loadOlderAnswers(): Promise<void>
  closeThread(): void
  /** Everything up to this number has been read. */
  markRead(seq: number): void
  /** Tells that something is being written; as often as keys are pressed. */
  typing(to?: string): void
  /**
   * Another nickname. Where the room is not open yet, or not now, it is entered under this one, at once.
   * @throws name_empty, name_too_long, and what the server has against it
   */
  rename(name: string): Promise<void>
  joinCall(): Promise<Ticket>
  /** Tries at once instead of at `retryAt`; after `replaced`, takes the room back. */
  reconnect(): void
  /** Leaves the room for good. */
  close(): void
}

export type Question<Type extends Asked['type']> = Omit<Extract<Asked, { type: Type }>, 'id'>
