/**
 * A call is the live gathering of a room: its participants, their tracks, who receives what.
 * The folder owns these rules and knows neither sockets nor the wire: inputs go into `step`, effects come out.
 */
import type { Audience } from './audience.ts'
import { DEPARTURE_TIMEOUT_S, EMPTY_TIMEOUT_S } from './limits.ts'
import type { Participant, ParticipantSnapshot } from './participant.ts'
import type { PendingRpc } from './pending-rpcs.ts'
import { newSid, type Random } from './sid.ts'
import type { Track } from './track.ts'

export interface CallOptions {
  emptyTimeoutS: number
  departureTimeoutS: number
  /** 0 means no limit. */
  maxParticipants: number
  metadata: string
}

export interface Call extends CallOptions {
  readonly sid: string
  readonly name: string
  readonly createdAt: number
  readonly participants: Map<string, Participant>
  /** Levels the participants were last told, by participant sid, in eighths. */
  readonly speakers: Map<string, number>
  /** Who looks at each video, by its sid. */
  readonly audiences: Map<string, Audience>
  /** Who left lately, for those whose connection was broken then. */
  departed: { at: number; last: ParticipantSnapshot }[]
  /** When the last person left, or the call was made; undefined while somebody is in. */
  emptySince: number | undefined
  everJoined: boolean
  nextQualityAt: number
  nextCountsAt: number
  /** What the participants were last told about how many there are. */
  countsSent: string
  ended: boolean
  /** Whether the participants know of somebody who records. */
  recorded: boolean
  /** Marks of what the server said lately, and when: the same said again is not passed on. */
  readonly nonces: Map<string, number>
  /** Identities that are to be reached by TCP alone, and until when. */
  readonly tcpOnly: Map<string, number>
  /** By the id of the remote procedure call. */
  readonly rpcs: Map<string, PendingRpc>
}

export function createCall(name: string, options: Partial<CallOptions>, now: number, random: Random): Call {
  return {
    sid: newSid('RM_', random),
    name,
    createdAt: now,
    emptyTimeoutS: options.emptyTimeoutS || EMPTY_TIMEOUT_S,
    departureTimeoutS: options.departureTimeoutS || DEPARTURE_TIMEOUT_S,
    maxParticipants: options.maxParticipants ?? 0,
    metadata: options.metadata ?? '',
    participants: new Map(),
    speakers: new Map(),
    audiences: new Map(),
    departed: [],
    emptySince: now,
    everJoined: false,
    nextQualityAt: 0,
    nextCountsAt: 0,
    countsSent: '',
    ended: false,
    recorded: false,
    nonces: new Map(),
    tcpOnly: new Map(),
    rpcs: new Map(),
  }
}

export function findByIdentity(call: Call, identity: string): Participant | undefined {
  for (const participant of call.participants.values()) if (participant.identity === identity) return participant
  return undefined
}

export function findTrack(call: Call, sid: string): { publisher: Participant; track: Track } | undefined {
  for (const publisher of call.participants.values()) {
    const track = publisher.tracks.get(sid)
    if (track) return { publisher, track }
  }
  return undefined
}

/** Everybody but the given one. */
export function othersOf(call: Call, participant: Participant): Participant[] {
  return [...call.participants.values()].filter((other) => other !== participant)
}

/** Those whom everybody sees. */
export function visibleParticipants(call: Call): Participant[] {
  return [...call.participants.values()].filter((participant) => !participant.permissions.hidden)
}

/** Recorders, agents and the hidden take no seat. */
export function takesSeat(participant: {
  kind: Participant['kind']
  permissions: Participant['permissions']
}): boolean {
  const { hidden, recorder } = participant.permissions
  return !hidden && !recorder && participant.kind !== 'agent' && participant.kind !== 'egress'
}

export interface CallSnapshot extends CallOptions {
  sid: string
  name: string
  createdAt: number
  participants: number
  publishers: number
  recorded: boolean
}

export function describeCall(call: Call): CallSnapshot {
  const visible = visibleParticipants(call)
  return {
    sid: call.sid,
    name: call.name,
    createdAt: call.createdAt,
    emptyTimeoutS: call.emptyTimeoutS,
    departureTimeoutS: call.departureTimeoutS,
    maxParticipants: call.maxParticipants,
    metadata: call.metadata,
    participants: visible.length,
    publishers: visible.filter((participant) => participant.isPublisher).length,
    recorded: call.recorded,
  }
}
