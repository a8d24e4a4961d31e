import { type AddTrackRequest, TrackType, type VideoLayer, VideoLayer_Mode, VideoQuality } from '@livekit/protocol'
import { trackSources } from '../calls/permissions.ts'
import type { VideoLayer as Layer, LayerQuality, TrackRequest } from '../calls/track.ts'

const STEREO = 0
const NO_DTX = 1
/** Far more than any encoder makes; the rest is not kept. */
const MAX_LAYERS = 8
const MAX_CODECS = 8
const MAX_FEATURES = 16

/** Undefined for a kind of track that this server does not carry. */
export function readTrack(request: AddTrackRequest): TrackRequest | undefined {
  if (request.type !== TrackType.AUDIO && request.type !== TrackType.VIDEO) return undefined
  const features = new Set<number>(request.audioFeatures.slice(0, MAX_FEATURES))
  if (request.stereo) features.add(STEREO)
  if (request.disableDtx) features.add(NO_DTX)
  const { cid, name, muted, width, height, disableRed, encryption, stream } = request
  return {
    cid,
    name,
    muted,
    width,
    height,
    stream,
    disableRed,
    kind: request.type === TrackType.AUDIO ? 'audio' : 'video',
    source: trackSources[request.source] ?? 'unknown',
    layers: request.layers.slice(0, MAX_LAYERS).map(readLayer),
    codecs: request.simulcastCodecs.slice(0, MAX_CODECS).map((codec) => ({
      codec: codec.codec,
      cid: codec.cid,
      layers: codec.layers.slice(0, MAX_LAYERS).map(readLayer),
      layered: readMode(codec.videoLayerMode),
    })),
    stereo: features.has(STEREO),
    disableDtx: features.has(NO_DTX),
    traits: {
      audioFeatures: [...features],
      encryption,
      backupCodecPolicy: request.backupCodecPolicy,
      packetTrailerFeatures: request.packetTrailerFeatures.slice(0, MAX_FEATURES),
    },
  }
}

const qualityNames: Record<VideoQuality, LayerQuality> = {
  [VideoQuality.LOW]: 'low',
  [VideoQuality.MEDIUM]: 'medium',
  [VideoQuality.HIGH]: 'high',
  [VideoQuality.OFF]: 'off',
}

function readLayer({ quality, width, height, bitrate, ssrc, spatialLayer, rid }: VideoLayer): Layer {
  return { quality: qualityNames[quality] ?? 'high', width, height, bitrate, ssrc, spatialLayer, rid }
}

function readMode(mode: VideoLayer_Mode): boolean | undefined {
  if (mode === VideoLayer_Mode.MODE_UNUSED) return undefined
  return mode === VideoLayer_Mode.MULTIPLE_SPATIAL_LAYERS_PER_STREAM
}
