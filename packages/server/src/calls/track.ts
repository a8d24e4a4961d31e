import type { MediaKind, OfferedMedia } from '../media/media-engine.ts'
import { MAX_TRACK_TEXT_LENGTH } from './limits.ts'
import type { TrackSource } from './permissions.ts'
import { newSid, type Random } from './sid.ts'

export type LayerQuality = 'low' | 'medium' | 'high' | 'off'

export interface VideoLayer {
  quality: LayerQuality
  width: number
  height: number
  bitrate: number
  ssrc: number
  spatialLayer: number
  rid: string
}

export interface TrackCodec {
  /** Lower-case type such as `video/vp8`; empty while the client leaves the choice open and no media was seen. */
  mimeType: string
  cid: string
  mid: string
  layers: VideoLayer[]
  /** Whether one stream carries all spatial layers. */
  layered: boolean
  /** Of a codec beside the track's own: somebody needs it, and the publisher was told so. */
  asked?: true
  /** Of a codec beside the track's own: see the track. */
  wantedLayer?: number
}

/**
 * What a client wants to publish. `traits` are facts that the server only repeats to the others:
 * numbers of the wire format, kept as they came.
 */
export interface TrackRequest {
  cid: string
  kind: MediaKind
  name: string
  source: TrackSource
  muted: boolean
  width: number
  height: number
  stream: string
  layers: VideoLayer[]
  codecs: { codec: string; cid: string; layers: VideoLayer[]; layered: boolean | undefined }[]
  disableDtx: boolean
  disableRed: boolean
  stereo: boolean
  traits: TrackTraits
}

export interface TrackTraits {
  audioFeatures: number[]
  encryption: number
  backupCodecPolicy: number
  packetTrailerFeatures: number[]
}

export interface Track {
  readonly sid: string
  readonly cid: string
  readonly kind: MediaKind
  readonly name: string
  readonly source: TrackSource
  readonly stream: string
  readonly disableDtx: boolean
  readonly disableRed: boolean
  readonly stereo: boolean
  muted: boolean
  width: number
  height: number
  simulcast: boolean
  layers: VideoLayer[]
  codecs: TrackCodec[]
  traits: TrackTraits
  mimeType: string
  mid: string
  changedAt: number
  /** The highest layer that anybody wants, 0 the lowest; undefined until that is known. */
  wantedLayer?: number
  /** Whether the publisher has been told that somebody receives the track. */
  received: boolean
}

const qualityOrder: readonly LayerQuality[] = ['low', 'medium', 'high', 'off']
const codecsSpoken = ['video/vp8', 'video/h264', 'video/vp9', 'video/av1', 'audio/opus', 'audio/red']
const sidLetters: Record<TrackSource, string> = {
  unknown: '',
  camera: 'C',
  microphone: 'M',
  screen_share: 'S',
  screen_share_audio: 's',
}

export function createTrack(request: TrackRequest, now: number, random: Random): Track {
  const layers = sortLayers(request.layers)
  const letter = request.kind === 'audio' ? 'A' : 'V'
  return {
    sid: newSid(`TR_${letter}${sidLetters[request.source]}`, random),
    cid: request.cid,
    kind: request.kind,
    name: request.name,
    source: request.source,
    stream: request.stream || streamOf(request.source),
    disableDtx: request.disableDtx,
    disableRed: request.disableRed,
    stereo: request.stereo,
    muted: request.muted,
    width: request.width,
    height: request.height,
    simulcast: request.kind === 'video' && layers.length > 1,
    layers,
    codecs: codecsOf(request, layers),
    traits: request.traits,
    mimeType: '',
    mid: '',
    changedAt: now,
    received: false,
  }
}

/** Lowest quality first. */
export function sortLayers(layers: VideoLayer[]): VideoLayer[] {
  return [...layers].sort((a, b) => qualityOrder.indexOf(a.quality) - qualityOrder.indexOf(b.quality))
}

/** What a track is called is kept, and told to everybody again and again. */
export function isTooLong({ cid, name, stream, layers, codecs }: TrackRequest): boolean {
  const rids = [layers, ...codecs.map((codec) => codec.layers)].flat().map((layer) => layer.rid)
  const texts = [cid, name, stream, ...rids, ...codecs.map((codec) => codec.cid)]
  return texts.some((text) => text.length > MAX_TRACK_TEXT_LENGTH)
}

/** Tracks of one stream are played in step: a camera with its microphone, a screen with its sound. */
function streamOf(source: TrackSource): string {
  if (source === 'camera' || source === 'microphone') return 'camera'
  return source === 'unknown' ? 'unknown' : 'screen'
}

/** The codecs a track will have: what nobody here speaks is replaced by the default, and none comes twice. */
function codecsOf(request: TrackRequest, layers: VideoLayer[]): TrackCodec[] {
  const codecs: TrackCodec[] = []
  for (const wanted of request.codecs) {
    const mimeType = chooseCodec(wanted.codec, request.kind)
    if (codecs.some((codec) => codec.mimeType === mimeType)) continue
    const own = wanted.layers.length > 0 ? wanted.layers : layers
    const layered = wanted.layered ?? (mimeType === 'video/vp9' || mimeType === 'video/av1')
    codecs.push({ mimeType, cid: wanted.cid, mid: '', layers: own.map((layer) => ({ ...layer })), layered })
  }
  if (codecs.length > 0) return codecs
  return [{ mimeType: '', cid: request.cid, mid: '', layers: layers.map((layer) => ({ ...layer })), layered: false }]
}

/** The codec published for the one asked for (`vp8` or `video/vp8`). */
export function chooseCodec(codec: string, kind: MediaKind): string {
  if (codec === '') return ''
  const mimeType = (codec.includes('/') ? codec : `${kind}/${codec}`).toLowerCase()
  if (codecsSpoken.includes(mimeType)) return mimeType
  return kind === 'video' ? 'video/vp8' : 'audio/opus'
}

/** The media section of the track was negotiated: from now on it is known what it carries. */
export function bindMedia(track: Track, media: OfferedMedia, codecs: readonly string[], now: number): void {
  const mimeType = preferredOf(track, codecs) ?? media.mimeType
  track.mid = media.mid
  track.mimeType = mimeType
  track.changedAt = now
  if (media.rids.length > 1) track.simulcast = true
  const codec =
    track.codecs.find((each) => each.mimeType === mimeType.toLowerCase()) ??
    track.codecs.find((each) => each.mimeType === '') ??
    track.codecs[0]
  nameLayers(track.layers, media.rids)
  if (!codec) return
  codec.mid = media.mid
  codec.mimeType = mimeType
  nameLayers(codec.layers, media.rids)
}

/** The codec the client wishes for the track, where it was agreed. Written as the clients know it. */
function preferredOf(track: Track, agreed: readonly string[]): string | undefined {
  const wished = track.disableRed ? ['audio/opus'] : track.codecs.map((codec) => codec.mimeType)
  const chosen = wished.find((mimeType) => agreed.includes(mimeType))
  return chosen && asKnown(chosen)
}

function asKnown(mimeType: string): string {
  const [kind, name = ''] = mimeType.split('/')
  return kind === 'video' ? `video/${name.toUpperCase()}` : mimeType
}

/** The media section of a further codec was negotiated. */
export function bindCodec(codec: TrackCodec, media: OfferedMedia, agreed: readonly string[]): void {
  codec.mid = media.mid
  if (agreed.includes(codec.mimeType.toLowerCase())) codec.mimeType = asKnown(codec.mimeType.toLowerCase())
  nameLayers(codec.layers, media.rids)
}

function nameLayers(layers: VideoLayer[], rids: string[]): void {
  for (const [index, layer] of layers.entries()) {
    layer.rid = rids[index] ?? ''
    layer.spatialLayer = index
  }
}

/** The first packet of a layer tells its SSRC. `further`: a codec beside the track's own that it is of. */
export function noteLayer(track: Track, further: TrackCodec | undefined, rid: string, ssrc: number): void {
  const own = [track.layers, ...track.codecs.filter((codec) => codec.mid === track.mid).map((codec) => codec.layers)]
  for (const layers of further ? [further.layers] : own) {
    const layer = layers.find((each) => each.rid === rid) ?? layers[0]
    if (layer) layer.ssrc = ssrc
  }
}
