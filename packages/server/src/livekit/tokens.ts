/**
 * Access tokens: JWT, HS256, `iss` the API key, `sub` the identity, and a `video` claim with the grants.
 * Nothing here logs or repeats a token.
 */
import { createHash } from 'node:crypto'
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import * as v from 'valibot'
import type { ApiKey, ApiKeys } from '../api-keys.ts'
import { type Permissions, type TrackSource, trackSources } from '../calls/permissions.ts'

const flag = v.optional(v.boolean(), false)
const text = v.optional(v.string(), '')
/** What fits into the field of the wire that it ends up in. */
const count = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xff_ff_ff_ff)))
const videoGrant = v.looseObject({
  roomJoin: flag,
  room: text,
  roomCreate: flag,
  roomList: flag,
  roomAdmin: flag,
  canPublish: v.optional(v.boolean()),
  canSubscribe: v.optional(v.boolean()),
  canPublishData: v.optional(v.boolean()),
  canPublishSources: v.optional(v.array(v.string()), []),
  canUpdateOwnMetadata: flag,
  canSubscribeMetrics: flag,
  canManageAgentSession: flag,
  destinationRoom: text,
  hidden: flag,
  recorder: flag,
  agent: flag,
})
const roomConfig = v.looseObject({
  emptyTimeout: count,
  departureTimeout: count,
  maxParticipants: count,
  metadata: v.optional(v.string()),
})
const claimsSchema = v.looseObject({
  sub: text,
  jti: text,
  exp: v.pipe(v.number(), v.finite()),
  name: text,
  kind: v.optional(v.string(), 'standard'),
  kindDetails: v.optional(v.array(v.string()), []),
  metadata: text,
  attributes: v.optional(v.record(v.string(), v.string()), {}),
  video: v.optional(videoGrant, {}),
  roomConfig: v.optional(roomConfig),
})

export type VideoGrant = v.InferOutput<typeof videoGrant>
export type Claims = v.InferOutput<typeof claimsSchema> & { identity: string }

/** Why a token is not accepted, in words for the person who made it. */
export class TokenError extends Error {}

/** How far the clock of whoever made the token may be from ours. */
const LEEWAY_S = 60
const CALL_TOKEN_TTL_S = 6 * 3600
const REFRESH_TTL_S = 600
const BODY_TTL_S = 300

/** @throws TokenError */
export async function verifyToken(token: string, keys: ApiKeys, now: number): Promise<Claims> {
  const issuer = issuerOf(token) ?? ''
  const apiSecret = keys.secretOf(issuer)
  if (apiSecret === undefined) throw new TokenError(`invalid API key: ${issuer}`)
  let payload: JWTPayload
  try {
    const verified = await jwtVerify(token, encode(apiSecret), {
      algorithms: ['HS256'],
      issuer,
      requiredClaims: ['exp'],
      clockTolerance: LEEWAY_S,
      currentDate: new Date(now),
    })
    payload = verified.payload
  } catch (error) {
    throw new TokenError(`invalid token: ${reasonOf(error)}`)
  }
  const parsed = v.safeParse(claimsSchema, payload)
  if (!parsed.success) throw new TokenError('invalid token: a claim has the wrong type')
  return { ...parsed.output, identity: parsed.output.sub || parsed.output.jti }
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    throw new TokenError('invalid authorization token')
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'token is expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return 'token is not valid yet'
    if (error.claim === 'exp') return 'token has no expiry'
    return `claim ${error.claim} is not valid`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'token signature is invalid'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'token algorithm is not HS256'
  return 'token is malformed'
}

/** The permissions that a token's grants mean: publishing and subscribing are allowed unless denied. */
export function permissionsOf(grant: VideoGrant): Permissions {
  const canPublish = grant.canPublish ?? true
  const canPublishSources = grant.canPublishSources.filter((source): source is TrackSource =>
    (trackSources as readonly string[]).includes(source),
  )
  // A list of which we know nothing allows nothing; left empty it would allow everything.
  const isLimitedToUnknown = canPublishSources.length === 0 && grant.canPublishSources.length > 0
  return {
    canPublish: canPublish && !isLimitedToUnknown,
    canSubscribe: grant.canSubscribe ?? true,
    canPublishData: grant.canPublishData ?? canPublish,
    canPublishSources,
    canUpdateOwnMetadata: grant.canUpdateOwnMetadata,
    canSubscribeMetrics: grant.canSubscribeMetrics,
    canManageAgentSession: grant.canManageAgentSession,
    hidden: grant.hidden,
    recorder: grant.recorder,
    agent: grant.agent,
  }
}

/** The token a member of a room takes into the call of that room. */
export function mintCallToken(
  who: { identity: string; name: string; room: string },
  keys: ApiKeys,
  now: number,
): Promise<string> {
  const video = {
    roomJoin: true,
    room: who.room,
    canPublish: true,
    canSubscribe: true,
    canPublishData: true,
    canUpdateOwnMetadata: true,
  }
  return sign({ sub: who.identity, name: who.name, video }, keys.signing(), now, CALL_TOKEN_TTL_S)
}

/** Shows whoever receives a body that it comes from this server and has not been changed. Good for five minutes. */
export function signBody(body: string, keys: ApiKeys, now: number): Promise<string> {
  const sha256 = createHash('sha256').update(body).digest('base64')
  return sign({ sha256 }, keys.signing(), now, BODY_TTL_S)
}

export interface TokenHolder {
  name: string
  metadata: string
  attributes: Readonly<Record<string, string>>
  permissions: Permissions
}

/** The token a client uses when it connects again: the grants it came with, as they are now. Lives as long as the first, but at least ten minutes. */
export function refreshToken(claims: Claims, holder: TokenHolder, keys: ApiKeys, now: number): Promise<string> {
  const { exp, iat: _iat, nbf: _nbf, iss: _iss, identity, ...rest } = claims
  const { permissions, ...details } = holder
  const video = { ...claims.video, ...permissions }
  const ttl = Math.max(REFRESH_TTL_S, exp - Math.floor(now / 1000))
  return sign({ ...rest, ...details, sub: identity, video }, keys.signing(), now, ttl)
}

function sign(
  claims: Record<string, unknown>,
  { apiKey, apiSecret }: ApiKey,
  now: number,
  ttl: number,
): Promise<string> {
  const seconds = Math.floor(now / 1000)
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(apiKey)
    .setNotBefore(seconds - 1)
    .setExpirationTime(seconds + ttl)
    .sign(encode(apiSecret))
}

function encode(apiSecret: string): Uint8Array {
  return new TextEncoder().encode(apiSecret)
}
