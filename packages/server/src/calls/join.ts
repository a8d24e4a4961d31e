import { announce } from './announce.ts'
import { type Call, describeCall, findByIdentity, othersOf, takesSeat } from './call.ts'
import { command, type Turn, tell } from './effect.ts'
import { depart } from './leave.ts'
import { TOKEN_REFRESH_MS } from './limits.ts'
import {
  type ClientDetails,
  isSignalLost,
  type Participant,
  type ParticipantKind,
  snapshot,
  type TransportState,
  transportsOf,
} from './participant.ts'
import type { Permissions } from './permissions.ts'
import { noteRecording } from './recording.ts'
import { CallRefusal } from './refusal.ts'
import { isTcpOnly } from './simulate.ts'
import { refreshSubscriptions } from './subscribe.ts'

export interface JoinRequest {
  sid: string
  identity: string
  name: string
  metadata: string
  attributes: Record<string, string>
  kind: ParticipantKind
  kindDetails: number[]
  permissions: Permissions
  client: ClientDetails
  autoSubscribe: boolean
  adaptiveStream: boolean
  /** Whether a picture that its path does not carry may be paused; otherwise the smallest comes, whatever it costs. */
  allowPause: boolean
  /** One transport for both directions, on which the client alone makes offers. */
  single: boolean
}

/** Clients that speak this version take a new participant of a known identity for the old one. */
const REPLACES_BY_IDENTITY = 12
/** Clients that speak this version connect on the subscriber transport first. */
const SUBSCRIBER_PRIMARY = 3

/** @throws CallRefusal when no seat is left. */
export function checkSeat(call: Call, joining: Pick<JoinRequest, 'identity' | 'kind' | 'permissions'>): void {
  if (call.maxParticipants === 0 || !takesSeat(joining)) return
  const seated = [...call.participants.values()].filter((each) => takesSeat(each) && each.identity !== joining.identity)
  if (seated.length >= call.maxParticipants) throw new CallRefusal('full', 'room has exceeded its max participants')
}

/**
 * `transports` are two of the same where one carries both directions.
 * @throws CallRefusal when no seat is left.
 */
export function join(
  call: Call,
  turn: Turn,
  request: JoinRequest,
  transports: { publisher: number; subscriber: number },
): void {
  checkSeat(call, request)
  replaceFormer(call, turn, request.identity)
  const participant = createParticipant(request, transports, turn.now)
  call.participants.set(participant.sid, participant)
  call.everJoined = true
  call.emptySince = undefined
  const options = {
    ...(isTcpOnly(call, turn, request.identity) && { tcpOnly: true }),
    ...(!request.allowPause && { keepPictures: true }),
  }
  for (const { role, id } of transportsOf(participant)) {
    command(turn, { type: 'openTransport', transport: id, role, room: call.sid, ...options })
  }
  tell(turn, participant, {
    type: 'joined',
    call: describeCall(call),
    self: snapshot(participant),
    others: othersOf(call, participant)
      .filter((other) => !other.permissions.hidden)
      .map(snapshot),
    subscriberPrimary: participant.subscriberPrimary,
  })
  participant.state = 'joined'
  turn.effects.push({ type: 'refreshToken', participant: participant.sid })
  announce(call, turn, participant)
  noteRecording(call, turn)
  turn.effects.push({ type: 'peopleChanged' })
  // The first wish also makes the engine offer, or goes into its first answer, with the tracks that exist already.
  refreshSubscriptions(call, turn, participant)
}

/** The same identity again: the newcomer takes the place, and clients that can are spared the coming and going. */
function replaceFormer(call: Call, turn: Turn, identity: string): void {
  const former = findByIdentity(call, identity)
  if (!former) return
  if (!isSignalLost(former)) {
    tell(turn, former, { type: 'leave', reason: 'duplicateIdentity', action: 'disconnect' })
    turn.effects.push({ type: 'disconnect', participant: former.sid })
  }
  depart(call, turn, former, 'duplicateIdentity', (other) => other.client.protocol < REPLACES_BY_IDENTITY)
}

function createParticipant(
  request: JoinRequest,
  transports: { publisher: number; subscriber: number },
  now: number,
): Participant {
  const { sid, identity, name, metadata, attributes, kind, kindDetails, permissions, client } = request
  const { autoSubscribe, adaptiveStream, single } = request
  const publisher = newTransport(transports.publisher)
  return {
    sid,
    identity,
    name,
    metadata,
    attributes: { ...attributes },
    kind,
    kindDetails,
    permissions,
    client,
    state: 'joining',
    version: 0,
    joinedAt: now,
    autoSubscribe,
    adaptiveStream,
    publisher,
    subscriber: single ? publisher : newTransport(transports.subscriber),
    subscriberPrimary: !single && permissions.canSubscribe && client.protocol >= SUBSCRIBER_PRIMARY,
    nextTokenAt: now + TOKEN_REFRESH_MS,
    isPublisher: false,
    tracks: new Map(),
    pending: [],
    queued: [],
    unclaimed: [],
    subscriptions: new Map(),
    intents: new Map(),
    awaited: new Map(),
    undecodable: new Set(),
    allowed: 'everyone',
    lastSequence: 0,
    heldData: [],
    heldBytes: 0,
  }
}

function newTransport(id: number): TransportState {
  return { id, connected: false, lossPercent: 0, rttMs: 0 }
}
