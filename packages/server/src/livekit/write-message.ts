/** What the call says to a participant, as the signalling message that says it. */
import {
  Codec,
  ConnectionQualityInfo,
  ConnectionQualityUpdate,
  JoinResponse,
  LeaveRequest,
  LeaveRequest_Action,
  MediaSectionsRequirement,
  MuteTrackRequest,
  ParticipantUpdate,
  ReconnectResponse,
  RequestResponse,
  RequestResponse_Reason,
  RoomUpdate,
  ServerInfo,
  SessionDescription,
  SpeakerInfo,
  SpeakersChanged,
  StreamState,
  StreamStateUpdate,
  SubscribedCodec,
  SubscribedQuality,
  SubscribedQualityUpdate,
  SubscriptionError,
  SubscriptionPermissionUpdate,
  SubscriptionResponse,
  TrackPublishedResponse,
  TrackSubscribed,
  TrackUnpublishedResponse,
  VideoQuality,
  ConnectionQuality as WireQuality,
} from '@livekit/protocol'
import type { CallMessage, RequestOutcome } from '../calls/effect.ts'
import type { ConnectionQuality } from '../calls/participant.ts'
import type { LayerQuality } from '../calls/track.ts'
import { describeRoom, publishCodecs } from './describe-call.ts'
import { describeParticipant, describeTrack, disconnectReasons, qualities } from './describe-participant.ts'
import type { SignalReply } from './signal-codec.ts'

export interface ServerIdentity {
  nodeId: string
  /** The version of this program, only for people who look. */
  version: string
}

/**
 * The LiveKit server whose behaviour this one has. A newer one than 1.13.6 would make browsers publish VP9 and AV1 as
 * simulcast, which the engine does not forward yet; none at all makes them refuse to connect.
 */
const LIKE_LIVEKIT = '1.13.6'
const PROTOCOL = 17
/** Both must be given: without them browsers never ping, and native clients end their process. */
const PING_INTERVAL_S = 5
const PING_TIMEOUT_S = 15

type MessageOf<Type extends CallMessage['type']> = Extract<CallMessage, { type: Type }>
type Writers = { [Type in CallMessage['type']]: (message: MessageOf<Type>, server: ServerIdentity) => SignalReply }

const writers: Writers = {
  joined: (message, server) => ({ case: 'join', value: writeJoin(message, server) }),
  resumed: ({ lastSequence }, server) => ({
    case: 'reconnect',
    value: new ReconnectResponse({ serverInfo: describeServer(server), lastMessageSeq: lastSequence }),
  }),
  participantsChanged: ({ participants }) => ({
    case: 'update',
    value: new ParticipantUpdate({ participants: participants.map(describeParticipant) }),
  }),
  trackAccepted: ({ cid, track }) => ({
    case: 'trackPublished',
    value: new TrackPublishedResponse({ cid, track: describeTrack(track) }),
  }),
  trackEnded: ({ track }) => ({ case: 'trackUnpublished', value: new TrackUnpublishedResponse({ trackSid: track }) }),
  trackReceived: ({ track }) => ({ case: 'trackSubscribed', value: new TrackSubscribed({ trackSid: track }) }),
  requestAnswered: ({ requestId, outcome, text, request }) => ({
    case: 'requestResponse',
    value: new RequestResponse({
      requestId,
      reason: outcomes[outcome],
      message: text,
      request: request as RequestResponse['request'],
    }),
  }),
  answer: (message) => ({ case: 'answer', value: writeDescription('answer', message) }),
  offer: (message) => ({ case: 'offer', value: writeDescription('offer', message) }),
  sectionsRequired: ({ audio, video }) => ({
    case: 'mediaSectionsRequirement',
    value: new MediaSectionsRequirement({ numAudios: audio, numVideos: video }),
  }),
  muteRequested: ({ track, muted }) => ({ case: 'mute', value: new MuteTrackRequest({ sid: track, muted }) }),
  speakersChanged: ({ speakers }) => ({
    case: 'speakersChanged',
    value: new SpeakersChanged({
      speakers: speakers.map(
        ({ participant, level }) => new SpeakerInfo({ sid: participant, level, active: level > 0 }),
      ),
    }),
  }),
  qualityChanged: (message) => ({
    case: 'connectionQuality',
    value: new ConnectionQualityUpdate({
      updates: message.qualities.map(
        ({ participant, quality, score }) =>
          new ConnectionQualityInfo({ participantSid: participant, quality: wireQualities[quality], score }),
      ),
    }),
  }),
  subscriptionAllowed: ({ participant, track, allowed }) => ({
    case: 'subscriptionPermissionUpdate',
    value: new SubscriptionPermissionUpdate({ participantSid: participant, trackSid: track, allowed }),
  }),
  subscriptionFailed: ({ track, why }) => ({
    case: 'subscriptionResponse',
    value: new SubscriptionResponse({ trackSid: track, err: subscriptionErrors[why] }),
  }),
  subscriptionPaused: ({ publisher, track, paused }) => ({
    case: 'streamStateUpdate',
    value: new StreamStateUpdate({
      streamStates: [
        { participantSid: publisher, trackSid: track, state: paused ? StreamState.PAUSED : StreamState.ACTIVE },
      ],
    }),
  }),
  layersWanted: (message) => ({ case: 'subscribedQualityUpdate', value: writeWantedLayers(message) }),
  callChanged: ({ call }) => ({ case: 'roomUpdate', value: new RoomUpdate({ room: describeRoom(call) }) }),
  leave: ({ reason, action }) => ({
    case: 'leave',
    value: new LeaveRequest({
      reason: disconnectReasons[reason],
      action: action === 'reconnect' ? LeaveRequest_Action.RECONNECT : LeaveRequest_Action.DISCONNECT,
      canReconnect: action === 'reconnect',
    }),
  }),
}

const outcomes: Record<RequestOutcome, RequestResponse_Reason> = {
  ok: RequestResponse_Reason.OK,
  notFound: RequestResponse_Reason.NOT_FOUND,
  notAllowed: RequestResponse_Reason.NOT_ALLOWED,
  limitExceeded: RequestResponse_Reason.LIMIT_EXCEEDED,
  queued: RequestResponse_Reason.QUEUED,
  unsupported: RequestResponse_Reason.UNSUPPORTED_TYPE,
}

const subscriptionErrors: Record<MessageOf<'subscriptionFailed'>['why'], SubscriptionError> = {
  codec: SubscriptionError.SE_CODEC_UNSUPPORTED,
  notFound: SubscriptionError.SE_TRACK_NOTFOUND,
  unknown: SubscriptionError.SE_UNKNOWN,
}

const wireQualities: Record<ConnectionQuality, WireQuality> = {
  poor: WireQuality.POOR,
  good: WireQuality.GOOD,
  excellent: WireQuality.EXCELLENT,
}

export function writeMessage(message: CallMessage, server: ServerIdentity): SignalReply {
  const write = writers[message.type] as (message: CallMessage, server: ServerIdentity) => SignalReply
  return write(message, server)
}

/** Native clients find the tracks they receive by this map alone. */
function writeDescription(type: 'offer' | 'answer', { offer, sdp, tracks }: MessageOf<'offer' | 'answer'>) {
  const midToTrackId = Object.fromEntries(tracks.map(({ mid, track }) => [mid, track]))
  return new SessionDescription({ type, id: offer, sdp, midToTrackId })
}

function describeServer({ nodeId, version }: ServerIdentity): ServerInfo {
  return new ServerInfo({ version: LIKE_LIVEKIT, protocol: PROTOCOL, nodeId, debugInfo: `maru ${version}` })
}

function writeJoin(message: MessageOf<'joined'>, server: ServerIdentity): JoinResponse {
  return new JoinResponse({
    room: describeRoom(message.call),
    participant: describeParticipant(message.self),
    otherParticipants: message.others.map(describeParticipant),
    serverVersion: LIKE_LIVEKIT,
    serverInfo: describeServer(server),
    subscriberPrimary: message.subscriberPrimary,
    fastPublish: message.self.permissions.canPublish,
    pingInterval: PING_INTERVAL_S,
    pingTimeout: PING_TIMEOUT_S,
    enabledPublishCodecs: publishCodecs.map((mime) => new Codec({ mime })),
  })
}

/** Old clients read the list without a codec. */
function writeWantedLayers(message: MessageOf<'layersWanted'>): SubscribedQualityUpdate {
  const { track, codec, enabled, further } = message
  const subscribedCodecs = [{ codec, enabled }, ...further].map(
    (each) => new SubscribedCodec({ codec: each.codec, qualities: writeQualities(each.enabled) }),
  )
  return new SubscribedQualityUpdate({
    trackSid: track,
    subscribedQualities: writeQualities(enabled),
    subscribedCodecs,
  })
}

function writeQualities(enabled: readonly LayerQuality[]): SubscribedQuality[] {
  const wanted = new Set(enabled.map((quality) => qualities[quality]))
  return [VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH].map(
    (quality) => new SubscribedQuality({ quality, enabled: wanted.has(quality) }),
  )
}
