import type { OfferedMedia } from '../media/media-engine.ts'
import { announce } from './announce.ts'
import type { Call } from './call.ts'
import { command, happened, type Turn, tell } from './effect.ts'
import { encodingsOf } from './encoding.ts'
import type { Participant } from './participant.ts'
import { mayPublishSource } from './permissions.ts'
import { endSilentCodecs } from './publish-codec.ts'
import { forgetTrack, refreshEverybody } from './subscribe.ts'
import type { Track } from './track.ts'

/** Ends the tracks whose sections send no more. There is no other word of a client for unpublishing. */
export function endSilentTracks(call: Call, turn: Turn, participant: Participant, media: OfferedMedia[]): void {
  const sending = new Set(media.filter((section) => section.sending).map((section) => section.mid))
  const ended = [...participant.tracks.values()].filter((track) => !sending.has(track.mid))
  const others = [...participant.tracks.values()].filter((track) => !ended.includes(track))
  const shrunk = others.filter((track) => endSilentCodecs(call, turn, track, sending))
  endTracks(call, turn, participant, ended)
  if (ended.length > 0 || shrunk.length === 0) return
  announce(call, turn, participant, { self: true })
  refreshEverybody(call, turn, participant)
}

/** Ends what the participant may not publish any more, and tells it so. */
export function endForbiddenTracks(call: Call, turn: Turn, participant: Participant): void {
  const isForbidden = (track: { source: Parameters<typeof mayPublishSource>[1] }) =>
    !mayPublishSource(participant.permissions, track.source)
  participant.pending = participant.pending.filter((track) => !isForbidden(track))
  participant.queued = participant.queued.filter((request) => !isForbidden(request))
  const ended = [...participant.tracks.values()].filter(isForbidden)
  for (const { sid } of ended) tell(turn, participant, { type: 'trackEnded', track: sid })
  endTracks(call, turn, participant, ended)
}

function endTracks(call: Call, turn: Turn, participant: Participant, ended: Track[]): void {
  if (ended.length === 0) return
  for (const track of ended) {
    participant.tracks.delete(track.sid)
    dropTrack(call, turn, participant, track)
  }
  announce(call, turn, participant, { self: true })
  refreshEverybody(call, turn, participant)
}

/** Takes a track out of the engine and out of everybody's subscriptions. */
export function dropTrack(call: Call, turn: Turn, publisher: Participant, track: Track): void {
  for (const other of call.participants.values()) forgetTrack(other, track.sid)
  for (const { id } of encodingsOf(track)) {
    call.audiences.delete(id)
    command(turn, { type: 'unpublishTrack', track: id })
  }
  happened(turn, { type: 'trackUnpublished', participant: publisher, track: structuredClone(track) })
}
