/** What a client says of itself and of how it joins: in the query of `/rtc`, or packed into one parameter of `/rtc/v1`. */
import { gunzipSync } from 'node:zlib'
import {
  ClientInfo_Capability,
  JoinRequest,
  WrappedJoinRequest,
  WrappedJoinRequest_Compression,
} from '@livekit/protocol'
import { MAX_ATTRIBUTES_BYTES, MAX_METADATA_BYTES, MAX_TRACKS } from '../calls/limits.ts'
import type { ClientDetails } from '../calls/participant.ts'
import { Denied } from './denied.ts'
import type { SignalAsk } from './signal-codec.ts'

export interface ClientAsk {
  client: ClientDetails
  autoSubscribe: boolean
  adaptiveStream: boolean
  /** Whether pictures may be paused that its path does not carry. Who does not say so does not expect it. */
  allowPause: boolean
  /** Empty: as the token says. */
  metadata: string
  attributes: Record<string, string>
  /** The participant whose broken connection shall go on, '' where the client does not name it. Undefined: it joins anew. */
  resumes: string | undefined
  /** One transport for both directions, on which the client alone makes offers. */
  single: boolean
  /** Asked along with joining, in this order. */
  asks: SignalAsk[]
}

/** More than any client needs for its description. */
const MAX_JOIN_REQUEST_BYTES = 1024 * 1024

/** @throws Denied when it cannot be read. */
export function readClientAsk(query: URLSearchParams): ClientAsk {
  const packed = query.get('join_request')
  return packed === null ? readQuery(query) : readJoinRequest(packed)
}

function readQuery(query: URLSearchParams): ClientAsk {
  return {
    client: {
      protocol: readNumber(query.get('protocol')),
      clientProtocol: readNumber(query.get('client_protocol')),
      capabilities: readCapabilities(query.get('capabilities')),
    },
    autoSubscribe: query.get('auto_subscribe') === null || isTrue(query.get('auto_subscribe')),
    adaptiveStream: isTrue(query.get('adaptive_stream')),
    allowPause: isTrue(query.get('subscriber_allow_pause')),
    metadata: '',
    attributes: readAttributes(query.get('attributes')),
    resumes: isTrue(query.get('reconnect')) ? (query.get('sid') ?? '') : undefined,
    single: false,
    asks: [],
  }
}

/** Here a wish that is absent is none: who does not say `autoSubscribe` receives nothing by itself. */
function readJoinRequest(packed: string): ClientAsk {
  const request = unpack(packed)
  const { clientInfo, connectionSettings, addTrackRequests, publisherOffer, metadata, participantAttributes } = request
  const texts = Object.entries(participantAttributes).flat().join('')
  if (Buffer.byteLength(metadata) > MAX_METADATA_BYTES) throw new Denied(400, 'metadata is too long')
  if (Buffer.byteLength(texts) > MAX_ATTRIBUTES_BYTES) throw new Denied(400, 'attributes are too long')
  // Later ones are counted one by one; these come all at once.
  if (addTrackRequests.length > MAX_TRACKS) throw new Denied(400, 'too many tracks')
  const asks: SignalAsk[] = addTrackRequests.map((value) => ({ case: 'addTrack', value }))
  if (publisherOffer) asks.push({ case: 'offer', value: publisherOffer })
  return {
    client: {
      protocol: clientInfo?.protocol ?? 0,
      clientProtocol: clientInfo?.clientProtocol ?? 0,
      capabilities: clientInfo?.capabilities ?? [],
    },
    autoSubscribe: connectionSettings?.autoSubscribe ?? false,
    adaptiveStream: connectionSettings?.adaptiveStream ?? false,
    allowPause: connectionSettings?.subscriberAllowPause ?? false,
    metadata,
    attributes: participantAttributes,
    resumes: request.reconnect ? request.participantSid : undefined,
    single: true,
    asks,
  }
}

function unpack(packed: string): JoinRequest {
  try {
    const { compression, joinRequest } = WrappedJoinRequest.fromBinary(Buffer.from(packed, 'base64url'))
    const isPacked = compression === WrappedJoinRequest_Compression.GZIP
    const bytes = isPacked ? gunzipSync(joinRequest, { maxOutputLength: MAX_JOIN_REQUEST_BYTES }) : joinRequest
    return JoinRequest.fromBinary(bytes)
  } catch {
    throw new Denied(400, 'join_request cannot be read')
  }
}

function readAttributes(value: string | null): Record<string, string> {
  if (!value) return {}
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(value, 'base64url').toString())
  } catch {
    throw new Denied(400, 'cannot decode attributes')
  }
  const entries = Object.entries(parsed ?? {})
  if (entries.some(([, each]) => typeof each !== 'string')) throw new Denied(400, 'attributes must be texts')
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
