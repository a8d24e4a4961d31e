import type { OfferedMedia, TransportRole } from '../media/media-engine.ts'
import type { Permissions } from './permissions.ts'
import type { Track, TrackRequest } from './track.ts'

export const participantKinds = ['standard', 'ingress', 'egress', 'sip', 'agent', 'connector', 'bridge'] as const
export type ParticipantKind = (typeof participantKinds)[number]
export type ParticipantState = 'joining' | 'joined' | 'active' | 'disconnected'

export type DepartureReason =
  | 'clientInitiated'
  | 'duplicateIdentity'
  | 'serverShutdown'
  | 'participantRemoved'
  | 'roomDeleted'
  | 'stateMismatch'
  | 'joinFailure'
  | 'signalClose'
  | 'roomClosed'
  | 'connectionTimeout'
  | 'mediaFailure'

/** What the program of a participant says about itself. */
export interface ClientDetails {
  /** Version of the signalling protocol it speaks. */
  protocol: number
  /** Facts that only other clients use, numbers of the wire format. */
  clientProtocol: number
  capabilities: number[]
}

/** One of the two paths of a participant's media, as far as the call cares. */
export interface TransportState {
  readonly id: number
  connected: boolean
  lossPercent: number
  rttMs: number
}

/** What a participant wishes about one track, whether the track is known already or not. */
export interface TrackIntent {
  /** Undefined: as `autoSubscribe` says. */
  subscribe?: boolean
  /** How it shall be received; undefined until the client says so. */
  settings?: TrackSettings
}

export interface TrackSettings {
  disabled: boolean
  /** 0 low, 1 medium, 2 high. Counts where there is no size. */
  quality: number
  /** Pixels it is shown with; 0 says nothing. */
  width: number
  height: number
  /** Pictures a second that are enough; 0 says nothing. */
  fps: number
  /** 1 is the most important; 0 says nothing. */
  priority: number
}

export interface Subscription {
  readonly publisher: string
  state: 'denied' | 'wanted' | 'started' | 'failed'
}

export interface TrackPermission {
  identity: string
  sid: string
  allTracks: boolean
  trackSids: string[]
}

export type ConnectionQuality = 'poor' | 'good' | 'excellent'

/** One device of a person inside a call. */
export interface Participant {
  readonly sid: string
  readonly identity: string
  name: string
  metadata: string
  attributes: Record<string, string>
  readonly kind: ParticipantKind
  /** Facts about the kind that only other clients use, numbers of the wire format. */
  readonly kindDetails: number[]
  permissions: Permissions
  readonly client: ClientDetails
  state: ParticipantState
  /** Grows with every change others can see; never restarts. */
  version: number
  disconnectReason?: DepartureReason
  readonly joinedAt: number
  readonly autoSubscribe: boolean
  /** The client says how large it shows each video, as soon as it shows it. */
  readonly adaptiveStream: boolean
  readonly publisher: TransportState
  /** The publisher transport itself where one carries both directions. */
  readonly subscriber: TransportState
  /** Whether the subscriber transport is the one that makes a participant active. */
  readonly subscriberPrimary: boolean
  /** When the signalling connection broke; undefined while it stands. */
  signalLostAt?: number
  /** Told to join anew: its place is kept for a short while only. */
  awaitsRejoin?: true
  /** A test client wants its next attempt to go on to break. */
  breaksNextResume?: 'early' | 'late'
  nextTokenAt: number
  isPublisher: boolean
  readonly tracks: Map<string, Track>
  /** Tracks announced to us whose media has not appeared, in the order of the requests. */
  pending: Track[]
  /** Requests that wait for an earlier one of the same cid to end. */
  queued: TrackRequest[]
  /** Sections of the last offer that no request explains yet. */
  unclaimed: OfferedMedia[]
  /** Highest id of an own offer sent on the subscriber transport; undefined before the first. */
  lastOffer?: number
  readonly subscriptions: Map<string, Subscription>
  readonly intents: Map<string, TrackIntent>
  /** Tracks it asked for that were not there, and since when, the oldest first. */
  readonly awaited: Map<string, number>
  /** Types of video, lower case, that it turned out not to decode. */
  readonly undecodable: Set<string>
  /** What the engine was last told to forward, as one comparable text. */
  wantedKey?: string
  /** Who may receive this participant's tracks. */
  allowed: 'everyone' | TrackPermission[]
  /** Highest sequence number of reliable data received. */
  lastSequence: number
  heldData: { payload: Uint8Array }[]
  heldBytes: number
  /** What it was last told of the lines of those it receives, as one comparable text. */
  qualitiesTold?: string
  /** A test client plays at speaking until then. */
  pretendsUntil?: number
}

/** Whether one transport carries both directions. */
export function isSingle(participant: Participant): boolean {
  return participant.publisher === participant.subscriber
}

/** The transports with what the engine calls them. */
export function transportsOf(participant: Participant): { role: TransportRole; id: number }[] {
  const { publisher, subscriber } = participant
  if (isSingle(participant)) return [{ role: 'single', id: publisher.id }]
  return [
    { role: 'publisher', id: publisher.id },
    { role: 'subscriber', id: subscriber.id },
  ]
}

export function isSignalLost(participant: Participant): boolean {
  return participant.signalLostAt !== undefined
}

export function primaryOf(participant: Participant): TransportState {
  return participant.subscriberPrimary ? participant.subscriber : participant.publisher
}

/** What others are shown of a participant: a copy that later changes do not reach. */
export interface ParticipantSnapshot {
  sid: string
  identity: string
  name: string
  metadata: string
  attributes: Record<string, string>
  kind: ParticipantKind
  kindDetails: number[]
  permissions: Permissions
  client: ClientDetails
  state: ParticipantState
  version: number
  disconnectReason: DepartureReason | undefined
  joinedAt: number
  isPublisher: boolean
  tracks: Track[]
}

export function snapshot(participant: Participant): ParticipantSnapshot {
  return {
    sid: participant.sid,
    identity: participant.identity,
    name: participant.name,
    metadata: participant.metadata,
    attributes: { ...participant.attributes },
    kind: participant.kind,
    kindDetails: participant.kindDetails,
    permissions: participant.permissions,
    client: participant.client,
    state: participant.state,
    version: participant.version,
    disconnectReason: participant.disconnectReason,
    joinedAt: participant.joinedAt,
    isPublisher: participant.isPublisher,
    tracks: [...participant.tracks.values()].map((track) => structuredClone(track)),
  }
}
