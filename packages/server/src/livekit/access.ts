/** Who knocks, and whether the door opens: the token of a request and what it allows. */
import type { IncomingMessage } from 'node:http'
import { ClientInfo_Capability } from '@livekit/protocol'
import type { ApiKeys } from '../api-keys.ts'
import type { JoinRequest } from '../calls/join.ts'
import { participantKinds } from '../calls/participant.ts'
import { type Claims, permissionsOf, TokenError, verifyToken } from './tokens.ts'

/** A request that is answered with this status and text instead of what it asked. */
export class Denied extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

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
  if (token === undefined) throw new Denied(401, 'invalid authorization header, must start with Bearer')
  return token
}

/** A request to join a call: what the token says and what the client says of itself. */
export interface JoinAsk {
  room: string
  claims: Claims
  request: Omit<JoinRequest, 'sid'>
  /** The client wants to go on with a connection that broke. */
  resume: boolean
}

/** @throws Denied */
export function readJoin(claims: Claims | undefined, url: URL): JoinAsk {
  if (!claims?.video.roomJoin) throw new Denied(401, 'permissions denied')
  const { identity, name, metadata } = claims
  const { room } = claims.video
  if (identity === '') throw new Denied(400, 'identity cannot be empty')
  if (room === '') throw new Denied(400, 'room name cannot be empty')
  for (const [what, value] of Object.entries({ identity, name, 'room name': room })) {
    if (value.length > MAX_LENGTH) throw new Denied(400, `${what} is longer than ${MAX_LENGTH} characters`)
  }
  const permissions = permissionsOf(claims.video)
  const query = url.searchParams
  return {
    room,
    claims,
    resume: isTrue(query.get('reconnect')),
    request: {
      identity,
      name,
      metadata,
      attributes: {
        ...claims.attributes,
        ...readAttributes(query.get('attributes'), permissions.canUpdateOwnMetadata),
      },
      kind: participantKinds.find((kind) => kind === claims.kind.toLowerCase()) ?? 'standard',
      permissions,
      client: {
        protocol: readNumber(query.get('protocol')),
        clientProtocol: readNumber(query.get('client_protocol')),
        capabilities: readCapabilities(query.get('capabilities')),
      },
      autoSubscribe: query.get('auto_subscribe') === null || isTrue(query.get('auto_subscribe')),
      adaptiveStream: isTrue(query.get('adaptive_stream')),
    },
  }
}

function readAttributes(value: string | null, allowed: boolean): Record<string, string> {
  if (!value) return {}
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(value, 'base64url').toString())
  } catch {
    throw new Denied(400, 'attributes cannot be read')
  }
  const entries = Object.entries(parsed ?? {})
  if (entries.some(([, each]) => typeof each !== 'string')) throw new Denied(400, 'attributes must be texts')
  if (entries.length > 0 && !allowed) throw new Denied(401, 'permissions denied: cannot update own attributes')
  return Object.fromEntries(entries)
}

function readCapabilities(value: string | null): number[] {
  const names = value?.split(',') ?? []
  return names
    .map((name) => ClientInfo_Capability[name.trim() as keyof typeof ClientInfo_Capability])
    .filter((capability) => capability !== undefined)
}

function readNumber(value: string | null): number {
  const number = Number(value)
  return Number.isInteger(number) && number > 0 && number < 1_000 ? number : 0
}

function isTrue(value: string | null): boolean {
  return value === '1' || value === 'true'
}
