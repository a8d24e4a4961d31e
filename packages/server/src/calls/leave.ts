import { stopWatching } from './audience.ts'
import { type Call, othersOf } from './call.ts'
import { command, happened, type LeaveAction, type Turn, tell } from './effect.ts'
import { MAX_DEPARTED, REJOIN_GRACE_MS, SIGNAL_GRACE_MS } from './limits.ts'
import {
  type DepartureReason,
  isSignalLost,
  type Participant,
  type ParticipantSnapshot,
  snapshot,
  transportsOf,
} from './participant.ts'
import { failRpcsOf } from './pending-rpcs.ts'
import { noteRecording } from './recording.ts'
import { forgetSpeaker } from './speakers.ts'
import { dropTrack } from './unpublish-track.ts'

/** The client says that it goes. */
export function leave(call: Call, turn: Turn, participant: Participant): void {
  dismiss(call, turn, participant, 'clientInitiated')
}

/** Ends a participant's stay for good: its client will not come back by itself. */
export function dismiss(call: Call, turn: Turn, participant: Participant, reason: DepartureReason): void {
  hangUp(turn, participant, reason, 'disconnect')
  depart(call, turn, participant, reason)
}

/** The signalling connection broke without a word. Who never got through is gone; others may be on their way back. */
export function loseSignal(call: Call, turn: Turn, participant: Participant): void {
  if (isSignalLost(participant)) return
  if (participant.state === 'active') participant.signalLostAt = turn.now
  else depart(call, turn, participant, 'signalClose')
}

/** Sends the client off to join anew; until it does, or the grace is over, the others see it as present. */
export function sendAround(turn: Turn, participant: Participant, reason: DepartureReason): void {
  hangUp(turn, participant, reason, 'reconnect')
  participant.signalLostAt ??= turn.now
  participant.awaitsRejoin = true
}

/** The engine lost one of the transports. That of somebody who is on its way to join anew has served its time. */
export function loseTransport(call: Call, turn: Turn, participant: Participant): void {
  if (participant.awaitsRejoin) return
  if (isSignalLost(participant)) depart(call, turn, participant, 'connectionTimeout')
  else sendAround(turn, participant, 'connectionTimeout')
}

/** Whether or not we noticed the break: the old connection is done with, and the whole grace begins again. */
export function awaitRejoin(turn: Turn, participant: Participant): void {
  if (!isSignalLost(participant)) turn.effects.push({ type: 'disconnect', participant: participant.sid })
  participant.signalLostAt = turn.now
  participant.awaitsRejoin = true
}

/** While its media flows a participant is waited for; the engine says when that ends. */
export function isGraceOver(turn: Turn, { signalLostAt, awaitsRejoin }: Participant): boolean {
  const grace = awaitsRejoin ? REJOIN_GRACE_MS : SIGNAL_GRACE_MS
  return signalLostAt !== undefined && turn.now - signalLostAt >= grace
}

function hangUp(turn: Turn, participant: Participant, reason: DepartureReason, action: LeaveAction): void {
  if (isSignalLost(participant)) return
  tell(turn, participant, { type: 'leave', reason, action })
  turn.effects.push({ type: 'disconnect', participant: participant.sid })
}

/** Takes a participant out of the call and tells those others that `hears` picks. */
export function depart(
  call: Call,
  turn: Turn,
  participant: Participant,
  reason: DepartureReason,
  hears: (other: Participant) => boolean = () => true,
): void {
  const others = othersOf(call, participant)
  call.participants.delete(participant.sid)
  for (const track of participant.tracks.values()) dropTrack(call, turn, participant, track)
  participant.tracks.clear()
  const cameIn = participant.state === 'active'
  participant.state = 'disconnected'
  participant.disconnectReason = reason
  participant.version += 1
  const audience = participant.permissions.hidden ? [] : others.filter(hears)
  const last = snapshot(participant)
  tell(turn, audience, { type: 'participantsChanged', participants: [last] })
  if (!participant.permissions.hidden) remember(call, turn, last)
  happened(turn, { type: cameIn ? 'participantLeft' : 'participantFailed', participant: last })
  failRpcsOf(call, turn, participant)
  forgetSpeaker(call, participant.sid)
  stopWatching(call, turn, participant.sid)
  noteRecording(call, turn)
  for (const { id } of transportsOf(participant)) command(turn, { type: 'closeTransport', transport: id })
  turn.effects.push({ type: 'peopleChanged' })
  if (call.participants.size === 0) call.emptySince = turn.now
}

/** Whoever is away now asks for this when it comes back. Of what somebody said about itself nothing is kept: it may be long. */
export function remember(call: Call, turn: Turn, last: ParticipantSnapshot): void {
  call.departed.push({ at: turn.now, last: { ...last, metadata: '', attributes: {} } })
  if (call.departed.length > MAX_DEPARTED) call.departed.shift()
}

/** Forgets who left so long ago that nobody can have missed it: longer than anybody without signalling stays. */
export function forgetDeparted(call: Call, turn: Turn): void {
  const kept = call.departed.findIndex(({ at }) => turn.now - at < SIGNAL_GRACE_MS)
  call.departed.splice(0, kept < 0 ? call.departed.length : kept)
}
