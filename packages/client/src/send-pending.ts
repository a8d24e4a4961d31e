import type { AppError, ReplyTo } from '@maru/protocol'
import type { Question } from './room-client.ts'
import type { PendingMessage, RoomEvent, RoomState } from './room-state.ts'

/** A refusal of the disk or of haste passes; anything else would be refused again. */
export const passing: readonly string[] = ['too_fast', 'storage_unavailable', 'room_full', 'internal', 'disconnected']
const RETRY_SEND_MS = 1_500

export interface SendPendingOptions {
  state: () => RoomState
  apply: (event: RoomEvent) => void
  ask: (question: Question<'send'>) => Promise<ReplyTo<'send'>>
  schedule: (delayMs: number, callback: () => void) => () => void
}

/** One message at a time: so they arrive in the order they were written, whatever happens to the connection. */
export function sendPending({ state, apply, ask, schedule }: SendPendingOptions) {
  /** The id of the message that is under way, or waits until the server can take it. */
  let sending: string | undefined
  let isHeld = false
  let cancelRetry = () => {}

  function next(): void {
    if (sending !== undefined || state().connection !== 'open') return
    const message = state().pending.find((each) => each.state === 'sending')
    if (!message) return
    const { clientId } = message
    sending = clientId
    ask(sendFrame(message)).then(
      () => finish(clientId, { type: 'acknowledged', clientId }),
      (error: AppError) => {
        if (sending !== clientId) return // lost with its connection
        if (!passing.includes(error.code))
          return finish(clientId, { type: 'failed', clientId, problem: error.problem() })
        if (state().storageWorks) cancelRetry = schedule(RETRY_SEND_MS, again)
        else isHeld = true
      },
    )
  }

  function finish(clientId: string, event: RoomEvent): void {
    apply(event)
    if (sending === clientId) again()
  }

  function again(): void {
    abandon()
    next()
  }

  function abandon(): void {
    cancelRetry()
    isHeld = false
    sending = undefined
  }

  return {
    /** Begins, unless one is under way. */
    next,
    /** What was refused because the server cannot store anything has waited for this. */
    diskWorks: () => isHeld && again(),
    /** The connection is lost: what was under way has to be sent again. */
    abandon,
  }
}

function sendFrame({ clientId, text, to, replyTo, action, files, poll }: PendingMessage): Question<'send'> {
  return {
    type: 'send',
    clientId,
    text,
    ...(to && { to: to.id }),
    ...(replyTo !== undefined && { replyTo }),
    ...(action && { action }),
    ...(files && { files: files.map(({ id }) => id) }),
    ...(poll && { poll: { options: [...poll.options], ...(poll.multiple && { multiple: true }) } }),
  }
}
