/** Who knocks, and whether the door opens: the token of a request and what it allows. */
import type { IncomingMessage } from 'node:http'
import { ParticipantInfo_KindDetail } from '@livekit/protocol'
import type { ApiKeys } from '../api-keys.ts'
import type { JoinRequest } from '../calls/join.ts'
import { participantKinds } from '../calls/participant.ts'
import { type ClientAsk, readClientAsk } from './client-ask.ts'
import { Denied } from './denied.ts'
import { type Claims, permissionsOf, TokenError, verifyToken } from './tokens.ts'

const MAX_LENGTH = 256

/**
 * The claims of a request's token; undefined when it carries none.
 * @throws Denied
 */
export async function authenticate(
  request: IncomingMessage,
  url: URL,
  keys: ApiKeys,
  now: number,
): Promise<Claims | undefined> {
  const token = tokenOf(request, url)
  if (token === undefined) return undefined
  try {
    return await verifyToken(token, keys, now)
  } catch (error) {
    if (error instanceof TokenError) throw new Denied(401, error.message)
    throw error
  }
}

function tokenOf(request: IncomingMessage, url: URL): string | undefined {
  const header = request.headers.authorization
  if (header === undefined) return url.searchParams.get('access_token') ?? undefined
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1]
  if (token === undefined) throw new Denied(401, 'invalid authorization header. Must start with Bearer')
  return token
}

/** A request to join a call: what the token says and what the client says of itself. */
export interface JoinAsk {
  room: string
  claims: Claims
  request: Omit<JoinRequest, 'sid'>
  resumes: ClientAsk['resumes']
  asks: ClientAsk['asks']
}

/** @throws Denied */
export function readJoin(claims: Claims | undefined, url: URL): JoinAsk {
  if (!claims) throw new Denied(401, 'no permissions to access the room')
  if (!claims.video.roomJoin) throw new Denied(401, 'permissions denied')
  const { identity, name, metadata } = claims
  const { room } = claims.video
  if (identity === '') throw new Denied(400, 'identity cannot be empty')
  if (room === '') throw new Denied(400, 'no room name')
  for (const [what, value] of Object.entries({
    'participant identity': identity,
    'participant name': name,
    'room name': room,
  })) {
    if (value.length > MAX_LENGTH) throw new Denied(400, `${what} length exceeds limits: max length ${MAX_LENGTH}`)
  }
  const permissions = permissionsOf(claims.video)
  const { client, autoSubscribe, adaptiveStream, allowPause, single, resumes, asks, ...said } = readClientAsk(
    url.searchParams,
  )
  const describes = said.metadata !== '' || Object.keys(said.attributes).length > 0
  if (describes && !permissions.canUpdateOwnMetadata) {
    throw new Denied(401, 'no permissions to access the room: the token does not allow to update own metadata')
  }
  return {
    room,
    claims,
    resumes,
    asks,
    request: {
      identity,
      name,
      metadata: said.metadata || metadata,
      attributes: { ...claims.attributes, ...said.attributes },
      kindDetails: readKindDetails(claims.kindDetails),
      kind: participantKinds.find((kind) => kind === claims.kind.toLowerCase()) ?? 'standard',
      permissions,
      client,
      autoSubscribe,
      adaptiveStream,
      allowPause,
      single,
    },
  }
}

/** Written in a token as on the wire, in lower case. */
function readKindDetails(names: readonly string[]): number[] {
  return names
    .map((name) => ParticipantInfo_KindDetail[name.toUpperCase() as keyof typeof ParticipantInfo_KindDetail])
    .filter((detail) => typeof detail === 'number')
}
