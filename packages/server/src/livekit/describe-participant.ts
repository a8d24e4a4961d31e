/** People and tracks of a call in the words of the wire. */
import {
  ClientInfo_Capability,
  DisconnectReason,
  ParticipantInfo,
  ParticipantInfo_Kind,
  ParticipantInfo_State,
  ParticipantPermission,
  SimulcastCodecInfo,
  TimedVersion,
  TrackInfo,
  TrackType,
  VideoLayer,
  VideoLayer_Mode,
  VideoQuality,
} from '@livekit/protocol'
import type { DepartureReason, ParticipantKind, ParticipantSnapshot, ParticipantState } from '../calls/participant.ts'
import { type Permissions, trackSources } from '../calls/permissions.ts'
import type { VideoLayer as Layer, LayerQuality, Track } from '../calls/track.ts'

const states: Record<ParticipantState, ParticipantInfo_State> = {
  joining: ParticipantInfo_State.JOINING,
  joined: ParticipantInfo_State.JOINED,
  active: ParticipantInfo_State.ACTIVE,
  disconnected: ParticipantInfo_State.DISCONNECTED,
}

const kinds: Record<ParticipantKind, ParticipantInfo_Kind> = {
  standard: ParticipantInfo_Kind.STANDARD,
  ingress: ParticipantInfo_Kind.INGRESS,
  egress: ParticipantInfo_Kind.EGRESS,
  sip: ParticipantInfo_Kind.SIP,
  agent: ParticipantInfo_Kind.AGENT,
  connector: ParticipantInfo_Kind.CONNECTOR,
  bridge: ParticipantInfo_Kind.BRIDGE,
}

export const disconnectReasons: Record<DepartureReason, DisconnectReason> = {
  clientInitiated: DisconnectReason.CLIENT_INITIATED,
  duplicateIdentity: DisconnectReason.DUPLICATE_IDENTITY,
  serverShutdown: DisconnectReason.SERVER_SHUTDOWN,
  participantRemoved: DisconnectReason.PARTICIPANT_REMOVED,
  roomDeleted: DisconnectReason.ROOM_DELETED,
  stateMismatch: DisconnectReason.STATE_MISMATCH,
  joinFailure: DisconnectReason.JOIN_FAILURE,
  signalClose: DisconnectReason.SIGNAL_CLOSE,
  roomClosed: DisconnectReason.ROOM_CLOSED,
  connectionTimeout: DisconnectReason.CONNECTION_TIMEOUT,
  mediaFailure: DisconnectReason.MEDIA_FAILURE,
}

export const qualities: Record<LayerQuality, VideoQuality> = {
  low: VideoQuality.LOW,
  medium: VideoQuality.MEDIUM,
  high: VideoQuality.HIGH,
  off: VideoQuality.OFF,
}

export function describeParticipant(participant: ParticipantSnapshot): ParticipantInfo {
  const { sid, identity, name, metadata, attributes, version, isPublisher, joinedAt, client } = participant
  return new ParticipantInfo({
    sid,
    identity,
    name,
    metadata,
    attributes,
    version,
    isPublisher,
    state: states[participant.state],
    kind: kinds[participant.kind],
    kindDetails: participant.kindDetails,
    joinedAt: BigInt(Math.floor(joinedAt / 1000)),
    joinedAtMs: BigInt(joinedAt),
    permission: describePermissions(participant.permissions),
    tracks: participant.tracks.map(describeTrack),
    clientProtocol: client.clientProtocol,
    capabilities: client.capabilities.filter((each) => ClientInfo_Capability[each] !== undefined),
    ...(participant.disconnectReason && { disconnectReason: disconnectReasons[participant.disconnectReason] }),
  })
}

function describePermissions(permissions: Permissions): ParticipantPermission {
  const { canUpdateOwnMetadata, canPublishSources, ...same } = permissions
  return new ParticipantPermission({
    ...same,
    canUpdateMetadata: canUpdateOwnMetadata,
    canPublishSources: canPublishSources.map((source) => trackSources.indexOf(source)),
  })
}

export function describeTrack(track: Track): TrackInfo {
  const { sid, name, muted, width, height, simulcast, disableDtx, disableRed, stereo, mimeType, mid, stream } = track
  return new TrackInfo({
    sid,
    name,
    muted,
    width,
    height,
    simulcast,
    disableDtx,
    disableRed,
    stereo,
    mimeType,
    mid,
    stream,
    type: track.kind === 'audio' ? TrackType.AUDIO : TrackType.VIDEO,
    source: trackSources.indexOf(track.source),
    layers: track.layers.map(describeLayer),
    codecs: track.codecs.map(
      (codec) =>
        new SimulcastCodecInfo({
          mimeType: codec.mimeType,
          mid: codec.mid,
          cid: codec.cid,
          layers: codec.layers.map(describeLayer),
          videoLayerMode: codec.layered
            ? VideoLayer_Mode.MULTIPLE_SPATIAL_LAYERS_PER_STREAM
            : VideoLayer_Mode.ONE_SPATIAL_LAYER_PER_STREAM,
        }),
    ),
    version: new TimedVersion({ unixMicro: BigInt(track.changedAt) * 1000n }),
    ...track.traits,
  })
}

function describeLayer({ quality, ...layer }: Layer): VideoLayer {
  return new VideoLayer({ ...layer, quality: qualities[quality] })
}
