import { type Call, othersOf } from './call.ts'
import { type CallMessage, type Turn, tell } from './effect.ts'
import { type Participant, snapshot } from './participant.ts'

/** Shows a participant's new state to everybody else at once, and to itself where it must see it. */
export function announce(call: Call, turn: Turn, participant: Participant, { self = false } = {}): void {
  participant.version += 1
  const message: CallMessage = { type: 'participantsChanged', participants: [snapshot(participant)] }
  const others = participant.permissions.hidden ? [] : othersOf(call, participant)
  tell(turn, self ? [participant, ...others] : others, message)
}
