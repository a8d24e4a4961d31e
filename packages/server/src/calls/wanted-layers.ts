/** What a publisher need not send because nobody looks that closely. */
import type { Audience } from './audience.ts'
import { type Call, findTrack } from './call.ts'
import { type Turn, tell } from './effect.ts'
import { codecName, furtherCodecOf, furtherCodecs, furtherEncoding, sidOf } from './encoding.ts'
import type { Participant } from './participant.ts'
import type { LayerQuality, Track, VideoLayer } from './track.ts'

/** Somebody wants a layer that nobody wanted before, or nobody wants it any more. `spatial` is the highest that is wanted. */
export function wantLayers(call: Call, turn: Turn, encoding: string, spatial: number): void {
  const found = findTrack(call, sidOf(encoding))
  if (!found) return
  const { track } = found
  const wanted = furtherCodecOf(track, encoding) ?? track
  wanted.wantedLayer = spatial
  tellWantedLayers(call, turn, found.publisher, track)
}

/** Tells the publisher what is wanted of a track. While it is muted nothing is sent anyway. */
export function tellWantedLayers(call: Call, turn: Turn, publisher: Participant, track: Track): void {
  const { sid, wantedLayer, muted, mimeType, layers } = track
  const needed = furtherCodecs(track).filter((codec) => codec.mid !== '' || codec.asked)
  const further = needed.map((codec) => ({
    codec: codecName(codec.mimeType),
    enabled: enabledIn(call.audiences.get(furtherEncoding(track, codec).id), codec.layers, codec.wantedLayer),
  }))
  const codec = codecName(mimeType)
  if (muted || codec === '' || (wantedLayer === undefined && further.length === 0)) return
  const enabled = enabledIn(call.audiences.get(sid), layers, wantedLayer)
  tell(turn, publisher, { type: 'layersWanted', track: sid, codec, enabled, further })
}

/** Before anything is known, all. */
function enabledIn(audience: Audience | undefined, layers: VideoLayer[], wanted = layers.length - 1): LayerQuality[] {
  return audience?.resting ? [] : enabledQualities(layers.length, wanted)
}

/** Clients name the layers low, medium and high from below; the highest that there is counts as high too. */
function enabledQualities(layers: number, wanted: number): LayerQuality[] {
  if (wanted >= layers - 1 || wanted >= 2) return ['low', 'medium', 'high']
  return wanted === 1 ? ['low', 'medium'] : ['low']
}
