import type { EngineCommand, MidTrack } from '../media/media-engine.ts'
import type { CallSnapshot } from './call.ts'
import type { ConnectionQuality, DepartureReason, Participant, ParticipantSnapshot } from './participant.ts'
import type { RpcResult, RpcStage } from './pending-rpcs.ts'
import type { Random } from './sid.ts'
import type { LayerQuality, Track } from './track.ts'

/** What a client shall do when it is told to leave. */
export type LeaveAction = 'disconnect' | 'reconnect'

export type RequestOutcome = 'ok' | 'notFound' | 'notAllowed' | 'limitExceeded' | 'queued' | 'unsupported'

/** What participants are told. `request` is what they asked, handed back as it came. */
export type CallMessage =
  | {
      type: 'joined'
      call: CallSnapshot
      self: ParticipantSnapshot
      others: ParticipantSnapshot[]
      subscriberPrimary: boolean
    }
  /** The first word on a connection that goes on. `lastSequence` is that of the newest reliable data that came. */
  | { type: 'resumed'; lastSequence: number }
  | { type: 'participantsChanged'; participants: ParticipantSnapshot[] }
  | { type: 'trackAccepted'; cid: string; track: Track }
  | { type: 'trackEnded'; track: string }
  | { type: 'trackReceived'; track: string }
  | { type: 'requestAnswered'; requestId: number; outcome: RequestOutcome; text: string; request: unknown }
  /** `tracks` are those that the client receives by this answer; none where its own transport is for sending alone. */
  | { type: 'answer'; offer: number; sdp: string; tracks: MidTrack[] }
  | { type: 'offer'; offer: number; sdp: string; tracks: MidTrack[] }
  /** The client shall offer anew, with this many sections to receive on more than now. */
  | { type: 'sectionsRequired'; audio: number; video: number }
  | { type: 'muteRequested'; track: string; muted: boolean }
  | { type: 'speakersChanged'; speakers: { participant: string; level: number }[] }
  | { type: 'qualityChanged'; qualities: { participant: string; quality: ConnectionQuality; score: number }[] }
  | { type: 'subscriptionAllowed'; participant: string; track: string; allowed: boolean }
  | { type: 'subscriptionFailed'; track: string; why: 'codec' | 'notFound' | 'unknown' }
  | { type: 'subscriptionPaused'; publisher: string; track: string; paused: boolean }
  /** In the track's own codec, and in others that somebody needs. */
  | { type: 'layersWanted'; track: string; codec: string; enabled: LayerQuality[]; further: LayersOfCodec[] }
  | { type: 'callChanged'; call: CallSnapshot }
  | { type: 'leave'; reason: DepartureReason; action: LeaveAction }

export interface LayersOfCodec {
  codec: string
  enabled: LayerQuality[]
}

/** Why a call is over. */
export type EndReason = Extract<DepartureReason, 'roomClosed' | 'roomDeleted' | 'serverShutdown' | 'mediaFailure'>

/** What the life of a call consists of, hidden participants included. */
export type CallEvent =
  | { type: 'callStarted' }
  | { type: 'callEnded'; reason: EndReason }
  /** Media flows; before that a participant may still fail to come in. */
  | { type: 'participantJoined' | 'participantLeft' | 'participantFailed'; participant: ParticipantSnapshot }
  | {
      type: 'trackPublished' | 'trackUnpublished'
      participant: Pick<ParticipantSnapshot, 'sid' | 'identity' | 'name'>
      track: Track
    }

export type Effect =
  | { type: 'send'; to: string[]; message: CallMessage }
  | { type: 'engine'; command: EngineCommand }
  /** A token with the participant's grants as they are now, sent in order with the messages. */
  | { type: 'refreshToken'; participant: string }
  /** Nothing more is said on this connection. */
  | { type: 'disconnect'; participant: string }
  /** Who is in the call, or how they are called, has changed. */
  | { type: 'peopleChanged' }
  /** A remote procedure is called: `rpcOverdue` is to come for each stage after so many ms. */
  | { type: 'rpcBegan'; id: string; deadlines: Record<RpcStage, number> }
  /** A remote procedure that the server has called is over. */
  | { type: 'rpcEnded'; id: string; result: RpcResult }
  /** For whoever keeps account of calls from outside. */
  | { type: 'happened'; event: CallEvent }

/** One run of `step`: the time, the chance and the effects so far. */
export interface Turn {
  readonly now: number
  readonly random: Random
  readonly effects: Effect[]
}

export function tell(turn: Turn, to: Participant | readonly Participant[], message: CallMessage): void {
  const sids = 'sid' in to ? [to.sid] : to.map((participant) => participant.sid)
  if (sids.length > 0) turn.effects.push({ type: 'send', to: sids, message })
}

export function happened(turn: Turn, event: CallEvent): void {
  turn.effects.push({ type: 'happened', event })
}

export function command(turn: Turn, engineCommand: EngineCommand): void {
  turn.effects.push({ type: 'engine', command: engineCommand })
}
