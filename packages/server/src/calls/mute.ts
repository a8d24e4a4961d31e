import { announce } from './announce.ts'
import { type Call, findTrack } from './call.ts'
import { command, type Turn, tell } from './effect.ts'
import { encodingsOf } from './encoding.ts'
import type { Participant } from './participant.ts'
import { CallRefusal } from './refusal.ts'
import { stopSpeaking } from './speakers.ts'
import type { Track } from './track.ts'
import { tellWantedLayers } from './wanted-layers.ts'

/** A participant mutes or unmutes a track of its own, published or still to come. */
export function muteOwn(call: Call, turn: Turn, participant: Participant, sid: string, muted: boolean): void {
  const track = participant.tracks.get(sid)
  const pending = participant.pending.find((each) => each.sid === sid)
  if (track) setMuted(call, turn, participant, track, muted)
  else if (pending) pending.muted = muted
}

/**
 * Somebody with the right to it mutes another's track. Nobody's microphone or camera is switched on from outside, unless
 * whoever runs the server allows it.
 * @throws CallRefusal
 */
export function muteOther(call: Call, turn: Turn, sid: string, muted: boolean, mayUnmute: boolean): void {
  const found = findTrack(call, sid)
  if (!found) throw new CallRefusal('notFound', 'track does not exist')
  if (!muted && found.track.muted && !mayUnmute)
    throw new CallRefusal('failedPrecondition', 'remote unmute not enabled')
  if (found.track.muted === muted) return
  tell(turn, found.publisher, { type: 'muteRequested', track: sid, muted })
  setMuted(call, turn, found.publisher, found.track, muted)
}

function setMuted(call: Call, turn: Turn, participant: Participant, track: Track, muted: boolean): void {
  if (track.muted === muted) return
  track.muted = muted
  track.changedAt = turn.now
  for (const { id } of encodingsOf(track)) command(turn, { type: 'setTrackMuted', track: id, muted })
  announce(call, turn, participant)
  if (!muted) tellWantedLayers(call, turn, participant, track)
  if (muted && track.source === 'microphone') stopSpeaking(call, turn, participant)
}
