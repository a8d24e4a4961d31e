import {
  AppError,
  limits,
  protocolVersion,
  type Reply,
  type Request,
  readServerMessage,
  readText,
  type ServerMessage,
  type Ticket,
} from '@maru/protocol'
import { createConnector, type WebSocketLike } from './connector.ts'
import { initialState, lastSeq, type RoomEvent, type RoomState, reduce } from './state.ts'

export interface RoomOptions {
  /** The room socket, as `wss://host/socket`. */
  url: string
  room: string
  name: string
  /** The member token kept from an earlier visit. */
  token?: string | undefined
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
  /**
   * Puts a message on its way; it is in `pending` until its entry arrives.
   * @throws text_empty, text_too_long
   */
  send(text: string): void
  retry(clientId: string): void
  discard(clientId: string): void
  /** Loads one more page of history before the oldest entry held. */
  loadOlder(): Promise<void>
  rename(name: string): Promise<void>
  joinCall(): Promise<Ticket>
  /** Tries at once instead of at `retryAt`; after `replaced`, takes the room back. */
  reconnect(): void
  /** Leaves the room for good. */
  close(): void
}

type Asked = Extract<Request, { id: number }>
type Question = Asked extends infer Each ? (Each extends Asked ? Omit<Each, 'id'> : never) : never

/** A refusal of the disk or of haste passes; anything else would be refused again. */
const passing: readonly string[] = ['too_fast', 'storage_unavailable', 'room_full', 'internal', 'disconnected']
const RETRY_SEND_MS = 1_500

/** Enters a room and stays in it until `close`: reconnects by itself, resumes where it was, sends what waits, in order and once. */
export function openRoom(options: RoomOptions): RoomClient {
  const {
    schedule = scheduleTimer,
    now = Date.now,
    random = Math.random,
    connect = (url) => new WebSocket(url) as WebSocketLike,
    createClientId = randomId,
  } = options
  let state = initialState(options.room, options.name)
  let token = options.token
  const listeners = new Set<(state: RoomState) => void>()
  const waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: AppError) => void }>()
  let lastId = 0
  let sending: string | undefined
  let loadingOlder: Promise<void> | undefined
  let cancelResend = () => {}

  function apply(event: RoomEvent): void {
    const before = state
    state = reduce(state, event)
    if (state !== before) for (const listener of listeners) listener(state)
  }

  const connector = createConnector({
    open: () => connect(options.url),
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
        ...(token === undefined ? {} : { token }),
        ...(state.entries.length > 0 && { cursor: lastSeq(state) }),
      }),
    onFrame: (frame) => {
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

  /** Every question without an answer fails with the loss; the outbox keeps its messages and sends them again. */
  function abandon(): void {
    cancelResend()
    sending = undefined
    const lost = [...waiting.values()]
    waiting.clear()
    for (const { reject } of lost) reject(new AppError('disconnected'))
  }

  function receive(message: ServerMessage): void {
    // A hole in the log cannot come from a sound server; starting over from the cursor closes it.
    if (message.type === 'entry' && message.entry.seq > lastSeq(state) + 1) {
      connector.again()
      return
    }
    apply({ type: 'received', message })
    switch (message.type) {
      case 'welcome':
        if (message.token !== undefined) {
          token = message.token
          options.onToken?.(message.token)
        }
        connector.welcomed()
        sendNext()
        break
      case 'reply':
        waiting.get(message.id)?.resolve(message)
        waiting.delete(message.id)
        break
      case 'error':
        fail(message)
        break
      case 'replaced':
        connector.replaced()
        break
    }
  }

  function fail({ id, code, message, field }: Extract<ServerMessage, { type: 'error' }>): void {
    const error = new AppError(code, message, field === undefined ? {} : { field })
    if (id !== undefined) {
      waiting.get(id)?.reject(error)
      waiting.delete(id)
    } else if (state.connection === 'connecting') connector.refused(error.problem(), passing.includes(code))
  }

  function ask(question: Question): Promise<Reply> {
    if (state.connection !== 'open') return Promise.reject(new AppError('disconnected'))
    lastId += 1
    const id = lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      connector.send({ ...question, id } as Asked)
    })
  }

  /** One message at a time: so they arrive in the order they were written, whatever happens to the connection. */
  function sendNext(): void {
    if (sending !== undefined || state.connection !== 'open') return
    const next = state.pending.find((message) => message.state === 'sending')
    if (!next) return
    const { clientId, text } = next
    sending = clientId
    ask({ type: 'send', clientId, text }).then(
      () => {
        apply({ type: 'acknowledged', clientId })
        sending = undefined
        sendNext()
      },
      (error: AppError) => {
        if (error.code === 'disconnected') return
        if (passing.includes(error.code)) {
          cancelResend = schedule(RETRY_SEND_MS, () => {
            sending = undefined
            sendNext()
          })
          return
        }
        apply({ type: 'failed', clientId, problem: error.problem() })
        sending = undefined
        sendNext()
      },
    )
  }

  async function loadPage(): Promise<void> {
    const first = state.entries[0]?.seq
    if (!state.hasOlder || first === undefined) return
    const reply = await ask({ type: 'history', before: first, limit: limits.firstPage })
    // A reset while the page was under way leaves another first entry; the page would not join it.
    if (state.entries[0]?.seq === first)
      apply({ type: 'olderLoaded', entries: reply.entries ?? [], hasOlder: reply.hasOlder ?? false })
  }

  connector.start()

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    send(raw) {
      apply({ type: 'queued', clientId: createClientId(), text: readText(raw) })
      sendNext()
    },
    retry(clientId) {
      apply({ type: 'retried', clientId })
      sendNext()
    },
    discard: (clientId) => apply({ type: 'discarded', clientId }),
    loadOlder() {
      loadingOlder ??= loadPage().finally(() => {
        loadingOlder = undefined
      })
      return loadingOlder
    },
    async rename(name) {
      const reply = await ask({ type: 'rename', name })
      apply({ type: 'renamed', name, ...(reply.name === undefined ? {} : { given: reply.name }) })
    },
    async joinCall() {
      const { ticket } = await ask({ type: 'joinCall' })
      if (!ticket) throw new AppError('call_unavailable')
      return ticket
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
