import { AppError, closeCodes, type Problem, type Request } from '@maru/protocol'

/** The part of a WebSocket that is used; a browser's, `ws`'s and a test's all have it. */
export interface WebSocketLike {
  send(data: string): void
  close(code?: number, reason?: string): void
  onopen: ((event: never) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  onerror: ((event: never) => void) | null
}

export interface ConnectorOptions {
  open: () => WebSocketLike
  schedule: (delayMs: number, callback: () => void) => () => void
  now: () => number
  random: () => number
  onConnecting: () => void
  onOpen: () => void
  onFrame: (frame: string) => void
  /** The next attempt comes by itself. */
  onLost: (retryAt: number, problem: Problem | undefined) => void
  /** No attempt comes by itself. */
  onRefused: (problem: Problem | { code: 'replaced'; message: string }) => void
  /** Asks the server for any answer. */
  ask: () => Promise<unknown>
}

export interface Connector {
  start(): void
  send(request: Request): void
  /** The server has let us in. */
  welcomed(): void
  /** The server did not let us in; `again`: it may later. */
  refused(problem: Problem, again: boolean): void
  replaced(): void
  /** The token is worth nothing any more. */
  ended(): void
  /** Drops the connection, where there is one, and tries at once. */
  again(): void
  stop(): void
}

const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 15_000
/** A browser does not tell that the network behind a socket is gone; an unanswered question does. */
const HEARTBEAT_MS = 25_000
const ANSWER_MS = 10_000
/** An attempt that neither fails nor is welcomed in this time has failed. */
const WELCOME_MS = 15_000

/** How long to wait before attempt `count` + 1: doubling, and spread so that a restarted server is not met by all at once. */
export function backOff(count: number, random: number): number {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** count)
  return Math.round(ceiling * (0.5 + random / 2))
}

/** Keeps one socket to the server, replacing it whenever it is lost. Knows nothing of what is said on it. */
export function createConnector(options: ConnectorOptions): Connector {
  const { schedule, now, random } = options
  let socket: WebSocketLike | undefined
  let failures = 0
  let cancel = () => {}

  /** Lets go of the socket at hand: what it says from now on is not heard. */
  function drop(code?: number): void {
    cancel()
    const old = socket
    socket = undefined
    if (!old) return
    old.onopen = null
    old.onmessage = null
    old.onclose = null
    // Closing a socket that is still opening is an error for some; nobody needs to hear of it.
    old.onerror = () => {}
    old.close(code)
  }

  function start(): void {
    drop()
    options.onConnecting()
    let fresh: WebSocketLike
    try {
      fresh = options.open()
    } catch {
      lost(undefined)
      return
    }
    socket = fresh
    cancel = schedule(WELCOME_MS, () => lost(undefined))
    fresh.onopen = () => options.onOpen()
    fresh.onmessage = ({ data }) => {
      if (typeof data === 'string') options.onFrame(data)
    }
    fresh.onerror = () => {}
    fresh.onclose = ({ code }) => {
      if (code === closeCodes.replaced) replaced()
      else if (code === closeCodes.ended) ended()
      else lost(undefined)
    }
  }

  function lost(problem: Problem | undefined): void {
    drop()
    const delayMs = backOff(failures, random())
    failures += 1
    cancel = schedule(delayMs, start)
    options.onLost(now() + delayMs, problem)
  }

  function replaced(): void {
    drop()
    options.onRefused({ code: 'replaced', message: 'This room was opened in another window or on another device.' })
  }

  function ended(): void {
    drop()
    options.onRefused(new AppError('session_ended').problem())
  }

  function beat(): void {
    cancel = schedule(HEARTBEAT_MS, () => {
      cancel = schedule(ANSWER_MS, () => lost(undefined))
      const asked = socket
      const answered = () => {
        if (socket !== asked) return
        cancel()
        beat()
      }
      // A refusal is an answer too; the loss of the connection is not.
      options.ask().then(answered, (error) => {
        if (!(error instanceof AppError && error.code === 'disconnected')) answered()
      })
    })
  }

  return {
    start,
    send: (request) => socket?.send(JSON.stringify(request)),
    welcomed() {
      cancel()
      failures = 0
      beat()
    },
    refused(problem, again) {
      if (again) return lost(problem)
      drop()
      options.onRefused(problem)
    },
    replaced,
    ended,
    again() {
      failures = 0
      start()
    },
    stop: () => drop(1000),
  }
}
