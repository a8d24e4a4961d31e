import type { Ticket } from '@maru/protocol'
import type { RoomState } from './state.ts'

/** The part of a WebSocket that is used; a browser's, `ws`'s and a test's all have it. */
export interface WebSocketLike {
  send(data: string): void
  close(code?: number, reason?: string): void
  onopen: ((event: never) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  onerror: ((event: never) => void) | null
}

export interface RoomOptions {
  /** The room socket, as `wss://host/socket`. */
  url: string
  room: string
  name: string
  /** The member token kept from an earlier visit. */
  token?: string
  /** Called with a new member token, which the caller keeps. */
  onToken?: (token: string) => void
  /** Opens a socket; the default is the platform's WebSocket. */
  connect?: (url: string) => WebSocketLike
  now?: () => number
  /** 0 <= x < 1, for the jitter between attempts. */
  random?: () => number
  /** Calls back once after a time; gives the way to call it off. */
  schedule?: (delayMs: number, callback: () => void) => () => void
  /** A new id for an own message. */
  createClientId?: () => string
}

export interface RoomClient {
  state(): RoomState
  /** Calls back after every change; gives the way to stop. */
  subscribe(listener: (state: RoomState) => void): () => void
  /** Puts a message on its way; it is in `pending` until its entry arrives. */
  send(text: string): void
  retry(clientId: string): void
  discard(clientId: string): void
  /** Loads one more page of history before the oldest entry held. */
  loadOlder(): Promise<void>
  rename(name: string): Promise<void>
  joinCall(): Promise<Ticket>
  /** Tries at once instead of at `retryAt`; also after `replaced`. */
  reconnect(): void
  /** Leaves the room for good. */
  close(): void
}

export function openRoom(options: RoomOptions): RoomClient {
  throw new Error(`not there yet: ${options.url}`)
}
