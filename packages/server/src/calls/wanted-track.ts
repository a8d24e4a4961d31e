/** How much of a track somebody needs, and what the engine is told of its layers. */
import type { LayerSize, WantedTrack } from '../media/media-engine.ts'
import type { Encoding } from './encoding.ts'
import type { TrackIntent } from './participant.ts'
import type { Track, VideoLayer } from './track.ts'

/** What subscribers say about a track's quality instead of a size. */
const HIGH = 2
/** Of a client that says sizes once it shows something, nothing is known until then; the least is enough to begin with. */
const LOW = 0
const TOP_PRIORITY = 255

/** Undefined as intent: the client has said nothing about the track. */
export function wantedTrack(
  publisher: string,
  track: Track,
  encoding: Encoding,
  intent: TrackIntent | undefined,
  saysSizes: boolean,
): WantedTrack {
  const { disabled = false, fps = 0, priority = 0 } = intent?.settings ?? {}
  const sizes = layerSizes(track, encoding.layers)
  const size = track.kind === 'video' ? sizeOf(sizes, intent?.settings, saysSizes) : anySize
  return {
    track: encoding.id,
    streamId: `${publisher}|${track.sid}`,
    enabled: !disabled,
    ...size,
    fps,
    priority: rankOf(priority),
  }
}

const anySize: LayerSize = { width: 0, height: 0 }

function sizeOf(sizes: LayerSize[], settings: TrackIntent['settings'], saysSizes: boolean): LayerSize {
  if (settings && settings.width > 0) return { width: settings.width, height: settings.height }
  const quality = settings?.quality ?? (saysSizes ? LOW : HIGH)
  // The highest is whatever there is, also when it grows.
  if (quality >= HIGH) return anySize
  return sizes[Math.min(quality, sizes.length - 1)] ?? anySize
}

/** On the wire 1 is the most important and 0 says nothing; the engine counts upward from 0. */
function rankOf(priority: number): number {
  return priority === 0 ? 0 : Math.max(1, TOP_PRIORITY + 1 - priority)
}

/** Sizes of a video's layers, lowest first. A picture that changed its size since it was announced changed in all layers. */
export function layerSizes(track: Track, layers: VideoLayer[]): LayerSize[] {
  const top = layers.at(-1)
  const isKnown = top !== undefined && Math.min(top.width, top.height, track.width, track.height) > 0
  const [across, down] = isKnown ? [track.width / top.width, track.height / top.height] : [1, 1]
  return layers.map(({ width, height }) => ({
    width: Math.round(width * across),
    height: Math.round(height * down),
  }))
}
