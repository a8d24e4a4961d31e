import {
  AppError,
  type Asked,
  limits,
  type Page,
  protocolVersion,
  type ReplyTo,
  readReply,
  readServerMessage,
  readText,
  type ServerMessage,
  type Ticket,
} from '@maru/protocol'
import { chooseCarrier } from './choose-carrier.ts'
import { createConnector, type WebSocketLike } from './connector.ts'
import { followOutbox, type Outbox } from './outbox.ts'
import { type Draft, initialState, type PendingMessage, type RoomEvent, type RoomState } from './room-state.ts'
import { passing, sendPending } from './send-pending.ts'
import { reduce } from './state.ts'

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
  rename(name: string): Promise<void>
  joinCall(): Promise<Ticket>
  /** Tries at once instead of at `retryAt`; after `replaced`, takes the room back. */
  reconnect(): void
  /** Leaves the room for good. */
  close(): void
}

export type Question<Type extends Asked['type']> = Omit<Extract<Asked, { type: Type }>, 'id'>

interface Waiting {
  type: Asked['type']
  /** Called before anything else is read, so that a page meets the state it was asked for. */
  take: (reply: never) => void
  resolve: (reply: never) => void
  reject: (error: AppError) => void
}

/** Typing is told again after so long. */
const TYPING_AGAIN_MS = 3_000

/** Enters a room and stays in it until `close`: reconnects by itself, resumes where it was, sends what waits, in order and once. */
export function openRoom(options: RoomOptions): RoomClient {
  const { schedule = scheduleTimer, now = Date.now, random = Math.random, createClientId = randomId } = options
  let state = initialState(options.room, options.name)
  let token = options.token
  const listeners = new Set<(state: RoomState) => void>()
  let transfer = options.transfer
  const { connect } = options
  const carriers = connect ? { open: () => connect(options.url), heard: () => {} } : chooseCarrier(options.url)
  const waiting = new Map<number, Waiting>()
  const keep = options.outbox && followOutbox(options.outbox, options.onOutboxProblem ?? (() => {}))
  let restored = options.outbox === undefined
  let markedRead = 0
  let toldTyping = Number.NEGATIVE_INFINITY
  let lastId = 0
  let loading: Promise<void> | undefined

  function apply(event: RoomEvent): void {
    const before = state
    state = reduce(state, event)
    if (restored) keep?.(state.pending)
    if (state !== before) for (const listener of listeners) listener(state)
  }

  const connector = createConnector({
    open: carriers.open,
    schedule,
    now,
    random,
    onConnecting: () => {
      apply({ type: 'connecting' })
      abandon()
    },
    onOpen: () =>
      connector.send({
        type: 'hello',
        version: protocolVersion,
        room: state.room,
        name: state.name,
        ...(token !== undefined && { token }),
        ...(transfer !== undefined && { transfer }),
        ...(options.device !== undefined && { device: options.device }),
        ...(state.cursor > 0 && { cursor: state.cursor }),
      }),
    onFrame: (frame) => {
      carriers.heard()
      const message = readServerMessage(frame)
      if (message) receive(message)
    },
    onLost: (retryAt, problem) => {
      apply({ type: 'lost', retryAt, ...(problem && { problem }) })
      abandon()
    },
    onRefused: (problem) => {
      apply({ type: 'closed', problem })
      abandon()
    },
    ask: () => ask({ type: 'ping' }),
  })

  const outgoing = sendPending({ state: () => state, apply, ask: (question) => ask(question), schedule })
  /** Nothing new is sent before what waited longer. */
  const sendNext = () => restored && outgoing.next()

  /** Every question without an answer fails with the loss; the outbox keeps its messages and sends them again. */
  function abandon(): void {
    outgoing.abandon()
    markedRead = 0
    const lost = [...waiting.values()]
    waiting.clear()
    for (const { reject } of lost) reject(new AppError('disconnected'))
  }

  function receive(message: ServerMessage): void {
    // A hole in the log cannot come from a sound server; starting over from the cursor closes it.
    if (message.type === 'entry' && message.prev > state.cursor) {
      connector.again()
      return
    }
    apply({ type: 'received', message, at: now() })
    switch (message.type) {
      case 'welcome':
        transfer = undefined
        if (message.token !== undefined) {
          token = message.token
          options.onToken?.(message.token)
        }
        connector.welcomed()
        sendNext()
        break
      case 'reply':
        settle(message)
        break
      case 'error':
        fail(message)
        break
      case 'typing':
        schedule(limits.typingMs, () => apply({ type: 'timePassed', at: now() }))
        break
      case 'storage':
        if (message.works) outgoing.diskWorks()
        break
      case 'replaced':
        connector.replaced()
        break
      case 'ended':
        connector.ended()
        break
    }
  }

  function settle(message: Extract<ServerMessage, { type: 'reply' }>): void {
    const asked = waiting.get(message.id)
    if (!asked) return
    waiting.delete(message.id)
    const reply = readReply(asked.type, message)
    if (reply) {
      asked.take(reply as never)
      asked.resolve(reply as never)
    } else asked.reject(new AppError('internal'))
  }

  function fail({ id, code, message, field }: Extract<ServerMessage, { type: 'error' }>): void {
    const error = new AppError(code, message, field === undefined ? {} : { field })
    if (id !== undefined) {
      waiting.get(id)?.reject(error)
      waiting.delete(id)
    } else if (state.connection === 'connecting') connector.refused(error.problem(), passing.includes(code))
  }

  function ask<Type extends Asked['type']>(
    question: Question<Type>,
    take: (reply: ReplyTo<Type>) => void = () => {},
  ): Promise<ReplyTo<Type>> {
    if (state.connection !== 'open') return Promise.reject(new AppError('disconnected'))
    lastId += 1
    const id = lastId
    const asked = { ...question, id } as unknown as Extract<Asked, { type: Type }>
    return new Promise((resolve, reject) => {
      waiting.set(id, { type: asked.type, take, resolve, reject })
      connector.send(asked)
    })
  }

  const shown = () => state.past ?? state

  async function loadOlder(): Promise<void> {
    const { entries, hasOlder } = shown()
    const first = entries[0]?.seq
    if (!hasOlder || first === undefined) return
    await ask<'history'>({ type: 'history', before: first, limit: limits.firstPage }, (page) =>
      apply({ type: 'olderLoaded', first, entries: page.entries, hasOlder: page.hasOlder }),
    )
  }

  async function loadNewer(): Promise<void> {
    const last = state.past?.entries.at(-1)?.seq
    if (last === undefined) return
    await ask<'history'>({ type: 'history', after: last, limit: limits.firstPage }, (page) =>
      apply({ type: 'newerLoaded', last, entries: page.entries, hasNewer: page.hasNewer }),
    )
  }

  /** One page at a time: a second wish for one is the same wish. */
  function load(page: () => Promise<void>): Promise<void> {
    loading ??= page().finally(() => {
      loading = undefined
    })
    return loading
  }

  async function jump(to: { seq: number } | { at: number }): Promise<void> {
    const first = state.entries[0]
    const isHeld = first && ('seq' in to ? to.seq >= first.seq : to.at >= first.at)
    if (isHeld || (first && !state.hasOlder)) return apply({ type: 'returned' })
    const place = 'seq' in to ? { around: to.seq } : { at: to.at }
    const show = (page: Page) => apply({ type: 'jumped', ...page })
    await ask<'history'>({ type: 'history', ...place, limit: limits.firstPage }, show)
  }

  async function loadThread(root: number): Promise<void> {
    await ask<'thread'>({ type: 'thread', root, limit: limits.firstPage }, ({ entries, hasOlder }) =>
      apply({ type: 'threadLoaded', root, entries, hasOlder }),
    )
  }

  async function loadOlderAnswers(): Promise<void> {
    const { root = 0, entries = [], hasOlder } = state.thread ?? {}
    const first = entries[0]?.seq
    if (!hasOlder || first === undefined) return
    await ask<'thread'>({ type: 'thread', root, before: first, limit: limits.firstPage }, (page) =>
      apply({ type: 'threadLoaded', root, first, entries: page.entries, hasOlder: page.hasOlder }),
    )
  }

  function restore(outbox: Outbox): void {
    const done = (messages: readonly PendingMessage[]) => {
      const known = new Set(state.pending.map(({ clientId }) => clientId))
      restored = true
      apply({ type: 'restored', messages: messages.filter(({ clientId }) => !known.has(clientId)) })
      sendNext()
    }
    outbox.load().then(
      (kept) => done(kept.map((message) => ({ ...message, state: message.problem ? 'failed' : 'sending' }))),
      (error) => {
        options.onOutboxProblem?.(error)
        done([])
      },
    )
  }

  if (options.outbox) restore(options.outbox)
  connector.start()

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    send(message) {
      const draft = typeof message === 'string' ? { text: message } : message
      const text = readText(draft.text, { mayBeEmpty: draft.files !== undefined && draft.files.length > 0 })
      apply({ type: 'queued', clientId: createClientId(), draft: { ...draft, text } })
      sendNext()
    },
    retry(clientId) {
      apply({ type: 'retried', clientId })
      sendNext()
    },
    discard: (clientId) => apply({ type: 'discarded', clientId }),
    ask: (question) => ask(question),
    loadOlder: () => load(loadOlder),
    loadNewer: () => load(loadNewer),
    jump,
    returnToNewest: () => apply({ type: 'returned' }),
    trim: (keep, lines) => apply({ type: 'trimmed', keep, lines }),
    loadThread,
    loadOlderAnswers: () => load(loadOlderAnswers),
    closeThread: () => apply({ type: 'threadClosed' }),
    markRead(seq) {
      if (seq <= Math.max(state.read, markedRead) || state.connection !== 'open') return
      markedRead = seq
      ask<'markRead'>({ type: 'markRead', seq }).catch(() => {
        markedRead = 0
      })
    },
    typing(to) {
      if (state.connection !== 'open' || now() - toldTyping < TYPING_AGAIN_MS) return
      toldTyping = now()
      connector.send({ type: 'typing', ...(to !== undefined && { to }) })
    },
    async rename(name) {
      const reply = await ask<'rename'>({ type: 'rename', name })
      apply({ type: 'renamed', name, given: reply.name })
    },
    async joinCall() {
      return (await ask<'joinCall'>({ type: 'joinCall' })).ticket
    },
    reconnect: () => connector.again(),
    close() {
      if (state.connection === 'open') connector.send({ type: 'leave' })
      connector.stop()
      apply({ type: 'closed' })
      abandon()
    },
  }
}

function scheduleTimer(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
}

/** `crypto.randomUUID` is missing on plain http pages; `getRandomValues` is not. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
