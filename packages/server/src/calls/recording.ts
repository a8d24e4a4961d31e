import { type Call, describeCall } from './call.ts'
import { type Turn, tell } from './effect.ts'
import type { Participant } from './participant.ts'

function records({ kind, permissions }: Participant): boolean {
  return permissions.recorder || kind === 'egress'
}

/** Somebody came, went or has other rights: everybody hears at once when that begins or ends a recording. */
export function noteRecording(call: Call, turn: Turn): void {
  const participants = [...call.participants.values()]
  const recorded = participants.some(records)
  if (recorded === call.recorded) return
  call.recorded = recorded
  tell(turn, participants, { type: 'callChanged', call: describeCall(call) })
}
