/** Tracks that somebody asked for and that are not there. They may still come; for ever they are not waited for. */
import { type Call, findTrack } from './call.ts'
import { type Turn, tell } from './effect.ts'
import { TRACK_NOT_FOUND_MS } from './limits.ts'
import type { Participant } from './participant.ts'

/** Somebody wants, or no longer wants, a track by its sid. */
export function awaitTrack(call: Call, turn: Turn, participant: Participant, sid: string, wanted: boolean): void {
  if (!wanted) participant.awaited.delete(sid)
  else if (!participant.awaited.has(sid) && !findTrack(call, sid)) participant.awaited.set(sid, turn.now)
}

/** Called now and then. Who waited in vain hears so, and its wish is forgotten. */
export function expireAwaited(call: Call, turn: Turn, participant: Participant): void {
  for (const [sid, since] of participant.awaited) {
    if (turn.now - since < TRACK_NOT_FOUND_MS) return
    participant.awaited.delete(sid)
    if (findTrack(call, sid)) continue
    participant.intents.delete(sid)
    tell(turn, participant, { type: 'subscriptionFailed', track: sid, why: 'notFound' })
  }
}
