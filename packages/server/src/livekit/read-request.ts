/** What a client asks in signalling, as the input to its call that it means. */
import {
  type AddTrackRequest,
  CandidateProtocol,
  type PublishDataTrackRequest,
  type SimulateScenario,
  type SubscriptionPermission,
  type SyncState,
  type UnpublishDataTrackRequest,
  type UpdateSubscription,
} from '@livekit/protocol'
import type { RequestOutcome } from '../calls/effect.ts'
import type { ClientInput } from '../calls/step.ts'
import { readTrack } from './read-track.ts'
import type { SignalAsk } from './signal-codec.ts'

/** A request that needs no call to be answered. */
export interface Refused {
  type: 'refused'
  outcome: RequestOutcome
  text: string
  /** 0 where the request has none. */
  requestId: number
  /** Handed back, where the wire has a place for it. */
  request:
    | { case: 'addTrack'; value: AddTrackRequest }
    | { case: 'publishDataTrack'; value: PublishDataTrackRequest }
    | { case: 'unpublishDataTrack'; value: UnpublishDataTrackRequest }
    | { case: undefined }
}

/** Undefined for what needs no action here: candidates (the engine learns addresses from the packets), unknown kinds. */
export function readRequest(ask: SignalAsk): ClientInput | Refused | undefined {
  switch (ask.case) {
    case 'offer':
    case 'answer':
      return { type: ask.case, offer: ask.value.id, sdp: ask.value.sdp }
    case 'addTrack':
      return readAddTrack(ask.value)
    case 'mute':
      return { type: 'mute', track: ask.value.sid, muted: ask.value.muted }
    case 'subscription':
      return { type: 'chooseTracks', tracks: trackSidsOf(ask.value), wanted: ask.value.subscribe }
    case 'trackSetting': {
      const { trackSids: tracks, disabled, quality, width, height, fps, priority } = ask.value
      return { type: 'setTracks', tracks, settings: { disabled, quality, width, height, fps, priority } }
    }
    case 'leave':
      return { type: 'leave' }
    case 'subscriptionPermission':
      return readPermission(ask.value)
    case 'syncState':
      return readState(ask.value)
    case 'simulate':
      return readSimulation(ask.value)
    case 'updateMetadata': {
      const { name, metadata, attributes, requestId } = ask.value
      return { type: 'updateDetails', details: { name, metadata, attributes }, requestId, echo: ask }
    }
    case 'updateAudioTrack':
      return { type: 'describeTrack', track: ask.value.trackSid, audioFeatures: ask.value.features.slice(0, 16) }
    case 'updateVideoTrack':
      return { type: 'describeTrack', track: ask.value.trackSid, width: ask.value.width, height: ask.value.height }
    case 'publishDataTrackRequest': {
      const request = { case: 'publishDataTrack', value: ask.value } as const
      return { type: 'refused', outcome: 'notAllowed', text: 'this server has no data tracks', requestId: 0, request }
    }
    case 'unpublishDataTrackRequest': {
      const request = { case: 'unpublishDataTrack', value: ask.value } as const
      return { type: 'refused', outcome: 'notFound', text: 'this server has no data tracks', requestId: 0, request }
    }
    case 'storeDataBlobRequest':
    case 'getDataBlobRequest': {
      const { requestId } = ask.value
      const request = { case: undefined }
      return { type: 'refused', outcome: 'notAllowed', text: 'this server keeps no data blobs', requestId, request }
    }
    default:
      return undefined
  }
}

function readAddTrack(value: AddTrackRequest): ClientInput | Refused {
  const echo = { case: 'addTrack', value } as const
  const request = readTrack(value)
  if (!request)
    return { type: 'refused', outcome: 'unsupported', text: 'unsupported track type', requestId: 0, request: echo }
  if (value.sid !== '') return { type: 'addCodec', track: value.sid, request, echo }
  return { type: 'addTrack', request, echo }
}

/** Both lists count; Go clients fill only the one by participant. */
export function trackSidsOf(value: Pick<UpdateSubscription, 'trackSids' | 'participantTracks'>): string[] {
  return [...value.trackSids, ...value.participantTracks.flatMap((tracks) => tracks.trackSids)]
}

function readPermission({ allParticipants, trackPermissions }: SubscriptionPermission): ClientInput {
  if (allParticipants) return { type: 'permitSubscribers', allowed: 'everyone' }
  const allowed = trackPermissions.map(({ participantIdentity, participantSid, allTracks, trackSids }) => ({
    identity: participantIdentity,
    sid: participantSid,
    allTracks,
    trackSids,
  }))
  return { type: 'permitSubscribers', allowed }
}

/** Clients send it right after going on. Their descriptions of their connection say nothing that is not known here. */
function readState({ publishTracks, subscription, trackSidsDisabled }: SyncState): ClientInput {
  const kept = {
    published: publishTracks.map(({ track }) => track?.sid ?? ''),
    chosen: subscription && { tracks: trackSidsOf(subscription), wanted: subscription.subscribe },
    disabled: trackSidsDisabled,
  }
  return { type: 'syncState', kept }
}

/** The engine takes a bit rate as 32 bits. */
function bitrateOf(value: bigint): number {
  return Math.min(Math.max(Number(value), 0), 0xffff_ffff)
}

/** Test scenarios. Those that are not here need nothing of the server: the client goes around by itself. */
function readSimulation({ scenario }: SimulateScenario): ClientInput | undefined {
  switch (scenario.case) {
    case 'speakerUpdate':
      return { type: 'simulate', mishap: { kind: 'speaking', forMs: scenario.value * 1000 } }
    case 'nodeFailure':
    case 'migration':
      return { type: 'simulate', mishap: { kind: 'forgotten' } }
    case 'serverLeave':
      return { type: 'simulate', mishap: { kind: 'shutdown' } }
    case 'disconnectSignalOnResume':
      return { type: 'simulate', mishap: { kind: 'brokenResume', when: 'late' } }
    case 'disconnectSignalOnResumeNoMessages':
      return { type: 'simulate', mishap: { kind: 'brokenResume', when: 'early' } }
    case 'switchCandidateProtocol': {
      // TLS takes a relay, which there is none of.
      const { value } = scenario
      if (value !== CandidateProtocol.TCP && value !== CandidateProtocol.UDP) return undefined
      return { type: 'simulate', mishap: { kind: 'datagramsBlocked', blocked: value === CandidateProtocol.TCP } }
    }
    case 'subscriberBandwidth':
      return { type: 'simulate', mishap: { kind: 'narrowLine', bitrate: bitrateOf(scenario.value) } }
    default:
      return undefined
  }
}
