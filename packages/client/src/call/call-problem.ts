import type { EndReason } from './call-state.ts'

/** Why a microphone, camera or screen could not be had. */
export type DeviceProblem = 'permission_denied' | 'no_device' | 'device_busy' | 'insecure_origin' | 'device_failed'

/** Names a failure of `getUserMedia` or `getDisplayMedia`. */
export function deviceProblem(error: unknown): DeviceProblem {
  switch (fieldOf(error, 'name')) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
    case 'SecurityError':
      return 'permission_denied'
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return 'no_device'
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return 'device_busy'
    case 'InsecureOriginError':
    case 'DeviceUnsupportedError':
      return 'insecure_origin'
    default:
      return 'device_failed'
  }
}

/**
 * What the server's farewell means. The numbers are `DisconnectReason` of LiveKit's protocol; whatever is not final
 * there counts as a fault of the path, so the call tries to come back.
 */
export function endOfDisconnect(reason: number | undefined): EndReason {
  switch (reason) {
    case 1:
      return 'left'
    case 2:
      return 'duplicate'
    case 4:
      return 'removed'
    case 5:
    case 10:
      return 'call_closed'
    default:
      return 'server_gone'
  }
}

const codes: Record<string, EndReason> = {
  room_full: 'room_full',
  removed: 'removed',
  duplicate: 'duplicate',
  refused: 'refused',
}

/** `ConnectionErrorReason.NotAllowed` of livekit-client: the server has read the token and says no. */
const NOT_ALLOWED = 0
/** `ConnectionErrorReason.LeaveRequest`: the server said goodbye during the join; the context says why. */
const LEAVE_REQUEST = 4

/** What a failed join means: an error of livekit-client, or one with a code from our own ticket request. */
export function endOfFailedJoin(error: unknown): EndReason {
  const code = fieldOf(error, 'code')
  if (typeof code === 'string' && codes[code]) return codes[code]
  if (fieldOf(error, 'name') !== 'ConnectionError') return 'server_gone'
  const reason = fieldOf(error, 'reason')
  if (reason === LEAVE_REQUEST) {
    const context = fieldOf(error, 'context')
    return endOfDisconnect(typeof context === 'number' ? context : undefined)
  }
  if (reason !== NOT_ALLOWED) return 'server_gone'
  return /full|max(imum)? participants/i.test(String(fieldOf(error, 'message'))) ? 'room_full' : 'refused'
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined
}
