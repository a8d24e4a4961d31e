/** Further codecs of a video that is there already, for those who do not decode its own. */
import type { OfferedMedia } from '../media/media-engine.ts'
import { openAudience } from './audience.ts'
import type { Call } from './call.ts'
import { command, type RequestOutcome, type Turn, tell } from './effect.ts'
import { type Encoding, furtherCodecs, furtherEncoding } from './encoding.ts'
import type { Participant } from './participant.ts'
import {
  bindCodec,
  chooseCodec,
  isTooLong,
  sortLayers,
  type Track,
  type TrackCodec,
  type TrackRequest,
} from './track.ts'
import { layerSizes } from './wanted-track.ts'

/** A client will publish a track of its own in a further codec. */
export function addCodec(
  turn: Turn,
  participant: Participant,
  sid: string,
  request: TrackRequest,
  echo: unknown,
): void {
  const track = participant.tracks.get(sid) ?? participant.pending.find((each) => each.sid === sid)
  if (!track || isTooLong(request)) {
    const refused: { outcome: RequestOutcome; text: string } = track
      ? { outcome: 'limitExceeded', text: 'an id or name is too long' }
      : { outcome: 'notFound', text: 'track does not exist' }
    tell(turn, participant, { type: 'requestAnswered', requestId: 0, ...refused, request: echo })
    return
  }
  for (const wanted of request.codecs) {
    const mimeType = chooseCodec(wanted.codec, track.kind)
    const layers = sortLayers(wanted.layers.length > 0 ? wanted.layers : request.layers)
    const candidates = track.mid === '' ? track.codecs : furtherCodecs(track)
    const known = candidates.find((codec) => codec.mimeType.toLowerCase() === mimeType)
    if (!known) track.codecs.push({ mimeType, cid: wanted.cid, mid: '', layers, layered: wanted.layered ?? false })
    // What has a section keeps it.
    else if (known.mid === '') Object.assign(known, { cid: wanted.cid, layers })
  }
  tell(turn, participant, { type: 'trackAccepted', cid: request.cid, track: structuredClone(track) })
}

/** Gives sections to the codecs they are of: by the track id of the section, or with `anyId` whatever it is. True when there were any. */
export function claimCodecs(
  call: Call,
  turn: Turn,
  participant: Participant,
  codecs: ReadonlyMap<string, string[]>,
  { anyId }: { anyId: boolean },
): boolean {
  let claimed = false
  for (const section of [...participant.unclaimed]) {
    for (const track of participant.tracks.values()) {
      const awaits = ({ cid, mid }: TrackCodec) => mid === '' && cid !== '' && (anyId || cid === section.trackId)
      const codec = section.kind === track.kind ? furtherCodecs(track).find(awaits) : undefined
      if (!codec) continue
      participant.unclaimed.splice(participant.unclaimed.indexOf(section), 1)
      publishCodec(call, turn, participant, track, codec, section, codecs.get(section.mid) ?? [])
      claimed = true
      break
    }
  }
  return claimed
}

function publishCodec(
  call: Call,
  turn: Turn,
  participant: Participant,
  track: Track,
  codec: TrackCodec,
  section: OfferedMedia,
  agreed: readonly string[],
): void {
  bindCodec(codec, section, agreed)
  track.changedAt = turn.now
  const encoding = furtherEncoding(track, codec)
  command(turn, { type: 'publishTrack', track: encoding.id, transport: participant.publisher.id, mid: section.mid })
  openAudience(call, turn, encoding.id)
  describeEncoding(turn, track, encoding)
  if (track.muted) command(turn, { type: 'setTrackMuted', track: encoding.id, muted: true })
}

/** What the engine has to know of a video to choose its layers by size. */
export function describeEncoding(turn: Turn, track: Track, { id, layers }: Encoding): void {
  const screen = track.source === 'screen_share'
  command(turn, { type: 'describeTrack', track: id, screen, layers: layerSizes(track, layers) })
}

/** Ends the codecs whose sections send no more. True when there were any. */
export function endSilentCodecs(call: Call, turn: Turn, track: Track, sending: ReadonlySet<string>): boolean {
  const silent = furtherCodecs(track).filter(({ mid }) => mid !== '' && !sending.has(mid))
  for (const codec of silent) {
    const { id } = furtherEncoding(track, codec)
    call.audiences.delete(id)
    command(turn, { type: 'unpublishTrack', track: id })
    Object.assign(codec, { mid: '', cid: '' })
    delete codec.asked
    delete codec.wantedLayer
  }
  return silent.length > 0
}
