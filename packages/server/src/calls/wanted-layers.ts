/** What a publisher need not send because nobody looks that closely. */
import { type Call, findTrack } from './call.ts'
import { type Turn, tell } from './effect.ts'
import type { Participant } from './participant.ts'
import type { LayerQuality, Track } from './track.ts'

/** Somebody wants a layer that nobody wanted before, or nobody wants it any more. `spatial` is the highest that is wanted. */
export function wantLayers(call: Call, turn: Turn, sid: string, spatial: number): void {
  const found = findTrack(call, sid)
  if (!found) return
  found.track.wantedLayer = spatial
  tellWantedLayers(call, turn, found.publisher, found.track)
}

/** Tells the publisher what is wanted of a track. While it is muted nothing is sent anyway. */
export function tellWantedLayers(call: Call, turn: Turn, publisher: Participant, track: Track): void {
  const { sid, wantedLayer, muted, mimeType } = track
  const codec = mimeType.split('/')[1]?.toLowerCase()
  if (wantedLayer === undefined || muted || !codec) return
  const enabled = call.audiences.get(sid)?.resting ? [] : enabledQualities(track, wantedLayer)
  tell(turn, publisher, { type: 'layersWanted', track: sid, codec, enabled })
}

/** Clients name the layers low, medium and high from below; the highest that there is counts as high too. */
function enabledQualities({ layers }: Track, wanted: number): LayerQuality[] {
  if (wanted >= layers.length - 1 || wanted >= 2) return ['low', 'medium', 'high']
  return wanted === 1 ? ['low', 'medium'] : ['low']
}
