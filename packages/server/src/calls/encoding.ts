/**
 * A video may be published in further codecs, for those who do not decode its own. To the engine each is a track by itself, of the same stream; to
 * everybody else all are one track.
 */
import type { Participant } from './participant.ts'
import type { Track, TrackCodec, VideoLayer } from './track.ts'

export interface Encoding {
  /** What the engine knows it by: the sid of the track, for a further codec with a mark and the codec behind it. */
  id: string
  mimeType: string
  mid: string
  layers: VideoLayer[]
}

/** In no sid, and allowed in an `msid`. */
const MARK = '.'
/** A publisher's wish that both codecs are sent; otherwise everybody goes over to the further one as soon as it is there. Number of the wire format. */
const SEND_BOTH = 1

/** The codecs beside the track's own, published or not. */
export function furtherCodecs(track: Track): TrackCodec[] {
  return track.codecs.filter((codec) => codec.mid !== track.mid)
}

/** What of a track is published, in its own codec first. */
export function encodingsOf(track: Track): Encoding[] {
  const further = furtherCodecs(track).filter(({ mid }) => mid !== '')
  return [ownEncoding(track), ...further.map((codec) => furtherEncoding(track, codec))]
}

export function ownEncoding({ sid: id, mimeType, mid, layers }: Track): Encoding {
  return { id, mimeType, mid, layers }
}

export function furtherEncoding({ sid }: Track, { mimeType, mid, layers }: TrackCodec): Encoding {
  return { id: `${sid}${MARK}${codecName(mimeType)}`, mimeType, mid, layers }
}

/** Of `video/VP8` that is `vp8`. */
export function codecName(mimeType: string): string {
  return mimeType.split('/')[1]?.toLowerCase() ?? ''
}

/** The track of an encoding. */
export function sidOf(encoding: string): string {
  return encoding.split(MARK, 1)[0] ?? ''
}

/** The further codec that an encoding is of; undefined for the track's own. */
export function furtherCodecOf(track: Track, encoding: string): TrackCodec | undefined {
  return furtherCodecs(track).find((codec) => furtherEncoding(track, codec).id === encoding)
}

/** In what somebody is to receive a track, what its publisher has to be asked for first, or that it seems to decode none of it. */
export type Choice = { type: 'there'; encoding: Encoding } | { type: 'missing'; codec: TrackCodec } | { type: 'none' }

export function chooseEncoding(track: Track, subscriber: Participant): Choice {
  const decodes = ({ mimeType }: { mimeType: string }) => !subscriber.undecodable.has(mimeType.toLowerCase())
  const encoding = byPreference(track).find(decodes)
  if (encoding) return { type: 'there', encoding }
  const codec = furtherCodecs(track).find((each) => each.mid === '' && decodes(each))
  return codec ? { type: 'missing', codec } : { type: 'none' }
}

/** The encoding that somebody receives who decodes everything. */
export function defaultEncoding(track: Track): string {
  return byPreference(track)[0]?.id ?? track.sid
}

function byPreference(track: Track): Encoding[] {
  const encodings = encodingsOf(track)
  return track.traits.backupCodecPolicy === SEND_BOTH ? encodings : encodings.reverse()
}
