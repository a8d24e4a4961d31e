/** Going on with a broken signalling connection while the media flows. */
import { type Call, describeCall, findByIdentity, visibleParticipants } from './call.ts'
import { command, type LeaveAction, type Turn, tell } from './effect.ts'
import { awaitRejoin, sendAround } from './leave.ts'
import { type DepartureReason, isSingle, type Participant, type ParticipantSnapshot, snapshot } from './participant.ts'
import { tellLevels } from './speakers.ts'
import { chooseTracks, disableTracks, tellAllowed } from './subscribe.ts'
import { tellWantedLayers } from './wanted-layers.ts'

/** What a client that was away says it had: tracks are named by their sids. */
export interface KeptState {
  published: string[]
  chosen: { tracks: string[]; wanted: boolean } | undefined
  disabled: string[]
}

/** Who goes on, or why not and what the client shall do instead. */
export type Resumption =
  | { type: 'goesOn'; participant: string }
  /** A test client wished that this attempt end before its first word. */
  | { type: 'unanswered' }
  | { type: 'refused'; reason: DepartureReason; action: LeaveAction }

/** `sid` is empty where the client does not say who it was. */
export function findResumable(call: Call | undefined, identity: string, sid: string): Resumption {
  const participant = call && findByIdentity(call, identity)
  if (!participant) {
    const last = call?.departed.findLast((each) => each.last.identity === identity)?.last
    // Who was sent away while its line was broken has not heard of it, and would come back at once.
    if (last?.disconnectReason === 'participantRemoved') {
      return { type: 'refused', reason: 'participantRemoved', action: 'disconnect' }
    }
    return { type: 'refused', reason: 'stateMismatch', action: 'reconnect' }
  }
  // Another device took the place meanwhile. If this one joined anew, the two would drive each other out by turns.
  if (sid !== '' && sid !== participant.sid) {
    return { type: 'refused', reason: 'duplicateIdentity', action: 'disconnect' }
  }
  if (participant.state !== 'active' || participant.awaitsRejoin) {
    return { type: 'refused', reason: 'stateMismatch', action: 'reconnect' }
  }
  if (participant.breaksNextResume === 'early') return { type: 'unanswered' }
  return { type: 'goesOn', participant: participant.sid }
}

/** The attempt has ended without a word, as was wished; the next one is answered. */
export function missResume(_call: Call, _turn: Turn, participant: Participant): void {
  delete participant.breaksNextResume
}

/** The client cannot go on and was told to join anew: the others see it as present until it does, or until the grace is over. */
export function comeBack(_call: Call, turn: Turn, participant: Participant): void {
  awaitRejoin(turn, participant)
}

/** The new connection stands. The first word on it says so; then the client hears all that it may have missed. */
export function resume(call: Call, turn: Turn, participant: Participant): void {
  const { breaksNextResume } = participant
  delete participant.breaksNextResume
  delete participant.signalLostAt
  tell(turn, participant, { type: 'resumed', lastSequence: participant.lastSequence })
  tellEverything(call, turn, participant)
  if (breaksNextResume) {
    turn.effects.push({ type: 'disconnect', participant: participant.sid })
    participant.signalLostAt = turn.now
  }
}

function tellEverything(call: Call, turn: Turn, participant: Participant): void {
  const others = visibleParticipants(call).filter((other) => other !== participant)
  // Who was hidden for a while is here again.
  const isHere = (last: ParticipantSnapshot) => others.some(({ sid }) => sid === last.sid)
  const gone = call.departed.map(({ last }) => last).filter(({ identity }) => identity !== participant.identity)
  const departed = gone.filter((last) => !isHere(last))
  const present = [participant, ...others].map(snapshot)
  if (departed.length > 0) tell(turn, participant, { type: 'participantsChanged', participants: departed })
  tell(turn, participant, { type: 'participantsChanged', participants: present })
  tell(turn, participant, { type: 'callChanged', call: describeCall(call) })
  turn.effects.push({ type: 'refreshToken', participant: participant.sid })
  for (const track of participant.tracks.values()) tellWantedLayers(call, turn, participant, track)
  tellAllowed(turn, participant)
  tellLevels(call, turn, participant)
  // Who has one transport offers by itself. For others an offer may be lost, and the way to them is looked for again.
  if (!isSingle(participant)) command(turn, { type: 'restartIce', transport: participant.subscriber.id })
}

/** What the client believes is made true again. With tracks that nobody here knows it has to begin anew. */
export function syncState(call: Call, turn: Turn, participant: Participant, kept: KeptState): void {
  const isKnown = (sid: string) => participant.tracks.has(sid) || participant.pending.some((track) => track.sid === sid)
  if (!kept.published.every(isKnown)) {
    sendAround(turn, participant, 'stateMismatch')
    return
  }
  disableTracks(call, turn, participant, kept.disabled)
  if (kept.chosen) chooseTracks(call, turn, participant, kept.chosen.tracks, kept.chosen.wanted)
}
