/** The room service: calls driven from outside by whoever holds the API key. */
import type { IncomingMessage } from 'node:http'
import type { Message, MessageType } from '@bufbuild/protobuf'
import {
  CreateRoomRequest,
  DeleteRoomRequest,
  DeleteRoomResponse,
  ListParticipantsRequest,
  ListParticipantsResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  MuteRoomTrackRequest,
  MuteRoomTrackResponse,
  type ParticipantPermission,
  PerformRpcRequest,
  PerformRpcResponse,
  RemoveParticipantResponse,
  RoomParticipantIdentity,
  SendDataRequest,
  SendDataResponse,
  UpdateParticipantRequest,
  UpdateRoomMetadataRequest,
  UpdateSubscriptionsRequest,
  UpdateSubscriptionsResponse,
} from '@livekit/protocol'
import type { ApiKeys } from '../api-keys.ts'
import type { LiveCalls } from '../calls/live-calls.ts'
import { type Permissions, trackSources } from '../calls/permissions.ts'
import { CallRefusal, type RefusalCode } from '../calls/refusal.ts'
import { newSid, type Random } from '../calls/sid.ts'
import type { AdminInput } from '../calls/step.ts'
import type { App } from '../http/app.ts'
import type { Log } from '../terminal/log.ts'
import { authenticate } from './access.ts'
import { createRpcPacket, createServerPacket } from './data-packets.ts'
import { Denied } from './denied.ts'
import { describeRoom } from './describe-call.ts'
import { describeParticipant, describeTrack } from './describe-participant.ts'
import { trackSidsOf } from './read-request.ts'
import { answerPreflight } from './rtc-routes.ts'
import type { VideoGrant } from './tokens.ts'
import { readBody, sendError, sendMessage, TwirpError } from './twirp.ts'

export interface RoomServiceParts {
  app: Pick<App, 'route'>
  calls: LiveCalls
  keys: ApiKeys
  ensureRoom(name: string): void
  /** Whether a track can be unmuted from outside. */
  remoteUnmute: boolean
  now: () => number
  random: Random
  log: Log
}

const path = /^\/twirp\/livekit\.(\w+)\/(\w+)$/
/** What LiveKit has and this server has not: said clearly, instead of as if the path were misspelt. */
const otherServices = ['Egress', 'Ingress', 'SIP', 'AgentDispatchService', 'Connector', 'PhoneNumberService']
const MAX_NAME_LENGTH = 256
const NONCE_BYTES = 16
const MAX_RPC_BYTES = 15 * 1024
const RPC_TIMEOUT_MS = 10_000
const MAX_RPC_TIMEOUT_MS = 300_000

const roomMethods = [
  'CreateRoom',
  'ListRooms',
  'DeleteRoom',
  'UpdateRoomMetadata',
  'ListParticipants',
  'GetParticipant',
  'RemoveParticipant',
  'MutePublishedTrack',
  'UpdateParticipant',
  'UpdateSubscriptions',
  'SendData',
  'ForwardParticipant',
  'MoveParticipant',
  'PerformRpc',
]

interface Method {
  run(request: IncomingMessage, grant: VideoGrant): Promise<Message>
}

export function addRoomService(parts: RoomServiceParts): void {
  const methods = createMethods(parts)
  parts.app.route('OPTIONS', /^\/twirp\//, answerPreflight)
  parts.app.route('*', /^\/twirp\//, async (request, response, url) => {
    try {
      const { service, name } = readPath(request, url)
      const claims = await authenticate(request, url, parts.keys, parts.now())
      if (!claims) throw new TwirpError('unauthenticated', 'permissions denied: no access token')
      const method = service === 'RoomService' ? methods.get(name) : undefined
      if (!method) throw new TwirpError('unimplemented', `${service}.${name} is not available on this server`)
      sendMessage(request, response, (await method.run(request, claims.video)) as never)
    } catch (error) {
      const known = asTwirpError(error)
      if (!known) parts.log.error('a room service request failed', { path: url.pathname, error: String(error) })
      sendError(request, response, known ?? new TwirpError('internal', 'something went wrong on the server'))
    }
  })
}

/** @throws TwirpError for what no LiveKit server has */
function readPath(request: IncomingMessage, url: URL): { service: string; name: string } {
  const [, service = '', name = ''] = path.exec(url.pathname) ?? []
  const misrouted = (text: string) =>
    new TwirpError('bad_route', text, { meta: { twirp_invalid_route: `${request.method} ${url.pathname}` } })
  if (request.method !== 'POST') {
    throw misrouted(`unsupported method ${JSON.stringify(request.method)} (only POST is allowed)`)
  }
  const isKnown = service === 'RoomService' ? roomMethods.includes(name) : otherServices.includes(service)
  if (!isKnown) throw misrouted(`no handler for path ${JSON.stringify(url.pathname)}`)
  return { service, name }
}

const codes: Record<RefusalCode, TwirpError['code']> = {
  notFound: 'not_found',
  notAllowed: 'permission_denied',
  invalid: 'invalid_argument',
  full: 'resource_exhausted',
  unavailable: 'unavailable',
  failedPrecondition: 'failed_precondition',
}

function asTwirpError(error: unknown): TwirpError | undefined {
  if (error instanceof TwirpError) return error
  if (error instanceof CallRefusal) return new TwirpError(codes[error.code], error.message)
  if (error instanceof Denied) return new TwirpError('unauthenticated', error.message)
  return undefined
}

function createMethods({ calls, ensureRoom, remoteUnmute, random }: RoomServiceParts): Map<string, Method> {
  const methods = new Map<string, Method>()
  function add<T extends Message<T>>(
    name: string,
    type: MessageType<T>,
    isAllowed: (grant: VideoGrant, body: T) => boolean,
    run: (body: T) => Message | Promise<Message>,
  ): void {
    methods.set(name, {
      run: async (request, grant) => {
        const body = await readBody(request, type)
        if (!isAllowed(grant, body)) throw new TwirpError('unauthenticated', 'permissions denied')
        return await run(body)
      },
    })
  }
  const isAdmin = (grant: VideoGrant, { room }: { room: string }) => grant.roomAdmin && grant.room === room
  const mayCreate = (grant: VideoGrant) => grant.roomCreate
  const change = (room: string, identity: string, input: AdminInput) => {
    const { sid } = calls.participant(room, identity)
    calls.change(room, { type: 'participant', participant: sid, input })
  }

  add('CreateRoom', CreateRoomRequest, mayCreate, (body) => {
    checkRoomName(body.name)
    if (body.roomPreset !== '') throw new TwirpError('invalid_argument', `there is no room preset ${body.roomPreset}`)
    const { emptyTimeout: emptyTimeoutS, departureTimeout: departureTimeoutS, maxParticipants, metadata } = body
    const call = calls.open(body.name, { emptyTimeoutS, departureTimeoutS, maxParticipants, metadata })
    ensureRoom(body.name)
    return describeRoom(call)
  })
  add(
    'ListRooms',
    ListRoomsRequest,
    (grant) => grant.roomList,
    (body) => new ListRoomsResponse({ rooms: calls.list(body.names).map(describeRoom) }),
  )
  add('DeleteRoom', DeleteRoomRequest, mayCreate, (body) => {
    calls.end(body.room, 'roomDeleted')
    return new DeleteRoomResponse()
  })
  add('UpdateRoomMetadata', UpdateRoomMetadataRequest, isAdmin, ({ room, metadata }) =>
    describeRoom(calls.change(room, { type: 'updateCall', options: { metadata } })),
  )
  add(
    'ListParticipants',
    ListParticipantsRequest,
    isAdmin,
    (body) => new ListParticipantsResponse({ participants: calls.participants(body.room).map(describeParticipant) }),
  )
  add('GetParticipant', RoomParticipantIdentity, isAdmin, ({ room, identity }) =>
    describeParticipant(calls.participant(room, identity)),
  )
  add('RemoveParticipant', RoomParticipantIdentity, isAdmin, ({ room, identity }) => {
    change(room, identity, { type: 'remove' })
    return new RemoveParticipantResponse()
  })
  add('MutePublishedTrack', MuteRoomTrackRequest, isAdmin, ({ room, identity, trackSid, muted }) => {
    if (!calls.participant(room, identity).tracks.some((each) => each.sid === trackSid)) {
      throw new TwirpError('not_found', 'track does not exist')
    }
    calls.change(room, { type: 'muteOther', track: trackSid, muted, mayUnmute: remoteUnmute })
    const track = calls.participant(room, identity).tracks.find((each) => each.sid === trackSid)
    return new MuteRoomTrackResponse(track ? { track: describeTrack(track) } : {})
  })
  add('UpdateParticipant', UpdateParticipantRequest, isAdmin, ({ room, identity, permission, ...rest }) => {
    const { name, metadata, attributes } = rest
    const permissions = permission && readPermissions(permission)
    change(room, identity, { type: 'updateOther', details: { name, metadata, attributes }, permissions })
    return describeParticipant(calls.participant(room, identity))
  })
  add('UpdateSubscriptions', UpdateSubscriptionsRequest, isAdmin, (body) => {
    const tracks = trackSidsOf(body)
    change(body.room, body.identity, { type: 'chooseTracksFor', tracks, wanted: body.subscribe })
    return new UpdateSubscriptionsResponse()
  })
  add('SendData', SendDataRequest, isAdmin, ({ room, data, kind, topic, nonce, ...to }) => {
    const { destinationIdentities: identities, destinationSids: sids } = to
    if (nonce.length !== 0 && nonce.length !== NONCE_BYTES) {
      const text = `nonce should be ${NONCE_BYTES}-bytes or not present, got: ${nonce.length} bytes`
      throw new TwirpError('invalid_argument', text)
    }
    const envelope = createServerPacket({ payload: data, topic, nonce, identities, sids })
    const mark = Buffer.from(nonce).toString('hex')
    calls.change(room, { type: 'serverData', reliable: kind === 0, envelope, nonce: mark })
    return new SendDataResponse()
  })
  add('PerformRpc', PerformRpcRequest, isAdmin, async ({ room, destinationIdentity, method, payload, ...rest }) => {
    if (destinationIdentity === '') throw new TwirpError('invalid_argument', 'destination identity is required')
    if (Buffer.byteLength(payload) > MAX_RPC_BYTES)
      throw rpcFailure({ code: 1402, message: 'Request payload too large' })
    const id = newSid('RPC_', random)
    const timeoutMs = Math.min(rest.responseTimeoutMs || RPC_TIMEOUT_MS, MAX_RPC_TIMEOUT_MS)
    const envelope = createRpcPacket({ id, method, payload, timeoutMs })
    const result = await calls.performRpc(room, destinationIdentity, { id, timeoutMs, envelope })
    if (result.type === 'failed') throw rpcFailure(result)
    return new PerformRpcResponse({ payload: result.payload })
  })
  return methods
}

/** Codes of errors that have a meaning of their own, as LiveKit's server answers them; others are of the application. */
const rpcCodes: Record<number, TwirpError['code']> = {
  1400: 'invalid_argument',
  1402: 'invalid_argument',
  1403: 'invalid_argument',
  1404: 'invalid_argument',
  1501: 'canceled',
  1502: 'canceled',
  1503: 'not_found',
}

function rpcFailure({ code, message, data = '' }: { code: number; message: string; data?: string }): TwirpError {
  return new TwirpError(rpcCodes[code] ?? 'internal', [`RpcError ${code}`, message, data].filter(Boolean).join(': '))
}

function checkRoomName(name: string): void {
  if (name === '') throw new TwirpError('invalid_argument', 'name cannot be empty')
  if (name.length > MAX_NAME_LENGTH)
    throw new TwirpError('invalid_argument', `room name length exceeds limits: max length ${MAX_NAME_LENGTH}`)
}

function readPermissions(permission: ParticipantPermission): Permissions {
  const { canPublish, canSubscribe, canPublishData, hidden, recorder, agent } = permission
  return {
    canPublish,
    canSubscribe,
    canPublishData,
    canSubscribeMetrics: permission.canSubscribeMetrics,
    canManageAgentSession: permission.canManageAgentSession,
    hidden,
    recorder,
    agent,
    canPublishSources: permission.canPublishSources.map((source) => trackSources[source] ?? 'unknown'),
    canUpdateOwnMetadata: permission.canUpdateMetadata,
  }
}
