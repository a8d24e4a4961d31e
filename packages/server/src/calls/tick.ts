import { restUnwatched } from './audience.ts'
import { expireAwaited } from './awaited-tracks.ts'
import { type Call, describeCall, takesSeat } from './call.ts'
import { type EndReason, happened, type Turn, tell } from './effect.ts'
import { depart, dismiss, forgetDeparted, isGraceOver } from './leave.ts'
import { COUNTS_INTERVAL_MS, JOIN_TIMEOUT_MS, TOKEN_REFRESH_MS } from './limits.ts'
import { isSignalLost } from './participant.ts'
import { reportQuality } from './quality.ts'
import { endPretences } from './speakers.ts'

/** What time alone brings about; called every second or so. */
export function tick(call: Call, turn: Turn): void {
  for (const participant of [...call.participants.values()]) {
    if (isGraceOver(turn, participant)) {
      depart(call, turn, participant, 'connectionTimeout')
    } else if (participant.state !== 'active' && turn.now - participant.joinedAt >= JOIN_TIMEOUT_MS) {
      dismiss(call, turn, participant, 'joinFailure')
    } else if (!isSignalLost(participant) && turn.now >= participant.nextTokenAt) {
      participant.nextTokenAt = turn.now + TOKEN_REFRESH_MS
      turn.effects.push({ type: 'refreshToken', participant: participant.sid })
    }
    if (participant.state === 'active') expireAwaited(call, turn, participant)
  }
  forgetDeparted(call, turn)
  restUnwatched(call, turn)
  endPretences(call, turn)
  reportQuality(call, turn)
  reportCounts(call, turn)
  endEmptyCall(call, turn)
}

/** How many are here; told seldom, since the participants themselves are known anyway. */
function reportCounts(call: Call, turn: Turn): void {
  const description = describeCall(call)
  const counts = `${description.participants}/${description.publishers}`
  if (counts === call.countsSent || turn.now < call.nextCountsAt) return
  call.countsSent = counts
  call.nextCountsAt = turn.now + COUNTS_INTERVAL_MS
  tell(turn, [...call.participants.values()], { type: 'callChanged', call: description })
}

/** A call that nobody came to, or that everybody left, ends after a while. Recorders alone do not keep it up. */
function endEmptyCall(call: Call, turn: Turn): void {
  const hasPeople = [...call.participants.values()].some((each) => takesSeat(each) || each.kind === 'agent')
  if (hasPeople) {
    call.emptySince = undefined
    return
  }
  call.emptySince ??= turn.now
  const timeoutS = call.everJoined ? call.departureTimeoutS : call.emptyTimeoutS
  if (turn.now - call.emptySince >= timeoutS * 1000) endCall(call, turn, 'roomClosed')
}

/** Everybody is sent away and the call is over. */
export function endCall(call: Call, turn: Turn, reason: EndReason): void {
  for (const participant of [...call.participants.values()]) dismiss(call, turn, participant, reason)
  call.ended = true
  happened(turn, { type: 'callEnded', reason })
}
