/** Why a call is over for this participant. The first three are final; the rest can be tried again. */
export type EndReason = 'left' | 'removed' | 'duplicate' | 'call_closed' | 'room_full' | 'refused' | 'server_gone'

/**
 * Where this participant stands with the call.
 *
 * `attempt` counts our own tries; 0 in `reconnecting` means that livekit-client is still mending the connection by
 * itself. `retryInMs` is there while the next try is being waited for.
 */
export type CallState =
  | { phase: 'idle' }
  | { phase: 'joining'; attempt: number; retryInMs?: number }
  | { phase: 'live' }
  | { phase: 'reconnecting'; attempt: number; retryInMs?: number }
  | { phase: 'ended'; reason: EndReason }

export type CallEvent =
  | { type: 'joinAsked' }
  | { type: 'connected' }
  /** The path to the server broke and is being mended; nothing has been given up. */
  | { type: 'wavered' }
  | { type: 'mended' }
  /** A try failed or the connection is lost for good. */
  | { type: 'lost'; reason: EndReason }
  | { type: 'retryDue' }
  | { type: 'left' }

/** Tries of a first join: somebody waits in front of the screen, so an answer must come soon. */
const FIRST_TRIES = 3
/** Tries to come back: with the delays below about five minutes, longer than a machine takes to start again. */
const RETURN_TRIES = 100
const RETRY_DELAYS_MS = [300, 1_000, 2_000]
const LONGEST_DELAY_MS = 3_000

/** The next state of a call. Pure: whoever holds the state carries out what it asks for. */
export function step(state: CallState, event: CallEvent): CallState {
  switch (event.type) {
    case 'joinAsked':
      return state.phase === 'idle' || state.phase === 'ended' ? { phase: 'joining', attempt: 1 } : state
    case 'connected':
      return state.phase === 'joining' || state.phase === 'reconnecting' ? { phase: 'live' } : state
    case 'wavered':
      return state.phase === 'live' ? { phase: 'reconnecting', attempt: 0 } : state
    case 'mended':
      return state.phase === 'reconnecting' && state.attempt === 0 ? { phase: 'live' } : state
    case 'retryDue':
      return isWaiting(state) ? { phase: state.phase, attempt: state.attempt } : state
    case 'left':
      return state.phase === 'idle' ? state : { phase: 'ended', reason: 'left' }
    case 'lost':
      return afterLoss(state, event.reason)
  }
}

/** True while the state waits for its next try. */
export function isWaiting(
  state: CallState,
): state is CallState & { phase: 'joining' | 'reconnecting'; retryInMs: number } {
  return (state.phase === 'joining' || state.phase === 'reconnecting') && state.retryInMs !== undefined
}

function afterLoss(state: CallState, reason: EndReason): CallState {
  if (state.phase === 'idle' || state.phase === 'ended' || isWaiting(state)) return state
  if (reason !== 'server_gone') return { phase: 'ended', reason }
  const phase = state.phase === 'joining' ? 'joining' : 'reconnecting'
  const failed = state.phase === 'live' ? 0 : state.attempt
  if (failed >= (phase === 'joining' ? FIRST_TRIES : RETURN_TRIES)) return { phase: 'ended', reason }
  return { phase, attempt: failed + 1, retryInMs: RETRY_DELAYS_MS[failed] ?? LONGEST_DELAY_MS }
}
