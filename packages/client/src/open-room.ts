import {
  AppError,
  limits,
  protocolVersion,
  readName,
  readServerMessage,
  readText,
  type ServerMessage,
} from '@maru/protocol'
import { chooseCarrier } from './choose-carrier.ts'
import { createConnector } from './connector.ts'
import { loadPages } from './load-pages.ts'
import { followOutbox, type Outbox } from './outbox.ts'
import { createQuestions } from './questions.ts'
import type { RoomClient, RoomOptions } from './room-client.ts'
import { initialState, type PendingMessage, type RoomEvent, type RoomState } from './room-state.ts'
import { passing, sendPending } from './send-pending.ts'
import { reduce } from './state.ts'

/** Typing is told again after so long. */
const TYPING_AGAIN_MS = 3_000

/** Enters a room and stays in it until `close`: reconnects by itself, resumes where it was, sends what waits, in order and once. */
export function openRoom(options: RoomOptions): RoomClient {
  const { schedule = scheduleTimer, now = Date.now, random = Math.random } = options
  const { createClientId = () => randomHex(12), createToken = () => randomHex(32) } = options
  let state = initialState(options.room, options.name)
  let token = options.token
  /** The same until the first answer: whoever asks again because it was lost is not taken for somebody else. */
  let newToken: string | undefined = createToken()
  const listeners = new Set<(state: RoomState) => void>()
  let transfer = options.transfer
  const { connect } = options
  const carriers = connect ? { open: () => connect(options.url), heard: () => {} } : chooseCarrier(options.url)
  const keep = options.outbox && followOutbox(options.outbox, options.onOutboxProblem ?? (() => {}))
  let restored = options.outbox === undefined
  let markedRead = 0
  let toldTyping = Number.NEGATIVE_INFINITY

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
        ...(newToken !== undefined && { newToken }),
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

  const questions = createQuestions({ isOpen: () => state.connection === 'open', send: connector.send })
  const { ask } = questions
  const pages = loadPages({ state: () => state, apply, ask })
  const outgoing = sendPending({ state: () => state, apply, ask: (question) => ask(question), schedule })
  /** Nothing new is sent before what waited longer. */
  const sendNext = () => restored && outgoing.next()

  /** Every question without an answer fails with the loss; the outbox keeps its messages and sends them again. */
  function abandon(): void {
    outgoing.abandon()
    markedRead = 0
    questions.abandon()
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
        newToken = undefined
        if (message.token !== undefined) {
          token = message.token
          options.onToken?.(message.token)
        }
        connector.welcomed()
        sendNext()
        break
      case 'reply':
        questions.settle(message)
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

  function fail({ id, code, message, field }: Extract<ServerMessage, { type: 'error' }>): void {
    const error = new AppError(code, message, field === undefined ? {} : { field })
    if (id !== undefined) questions.fail(id, error)
    else if (state.connection === 'connecting') connector.refused(error.problem(), passing.includes(code))
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
      // A message ends what was told of typing.
      toldTyping = Number.NEGATIVE_INFINITY
      sendNext()
    },
    retry(clientId) {
      apply({ type: 'retried', clientId })
      sendNext()
    },
    discard: (clientId) => apply({ type: 'discarded', clientId }),
    ask: (question) => ask(question),
    ...pages,
    returnToNewest: () => apply({ type: 'returned' }),
    trim: (keep, lines) => apply({ type: 'trimmed', keep, lines }),
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
    async rename(typed) {
      const name = readName(typed)
      // Not let in yet, or away: the next hello tells it. The one before may have been heard, so the same token is proposed again.
      if (state.connection === 'connecting' || state.connection === 'waiting') {
        apply({ type: 'renamed', name })
        return connector.again()
      }
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
function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes))
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
