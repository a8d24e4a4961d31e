/** Twirp: remote calls as POST of JSON or protobuf, answered in the same form. Knows no method. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Message, MessageType } from '@bufbuild/protobuf'
import { collectBody } from '../http/answer.ts'

const statuses = {
  invalid_argument: 400,
  malformed: 400,
  unauthenticated: 401,
  permission_denied: 403,
  canceled: 408,
  not_found: 404,
  bad_route: 404,
  failed_precondition: 412,
  resource_exhausted: 429,
  internal: 500,
  unimplemented: 501,
  unavailable: 503,
} as const

export class TwirpError extends Error {
  readonly code: keyof typeof statuses
  readonly status: number
  readonly meta: Readonly<Record<string, string>> | undefined

  constructor(
    code: keyof typeof statuses,
    message: string,
    more: { status?: number; meta?: Readonly<Record<string, string>> } = {},
  ) {
    super(message)
    this.code = code
    this.status = more.status ?? statuses[code]
    this.meta = more.meta
  }
}

const MAX_BODY_BYTES = 10 * 1024 * 1024

/**
 * Reads the body as a message of the given type.
 * @throws TwirpError
 */
export async function readBody<T extends Message<T>>(request: IncomingMessage, type: MessageType<T>): Promise<T> {
  const form = formOf(request)
  const body = await collectBody(request, MAX_BODY_BYTES).catch(() => {
    throw new TwirpError('malformed', 'the body broke off')
  })
  if (!body) throw new TwirpError('resource_exhausted', 'the body is larger than 10 MiB', { status: 413 })
  try {
    return form === 'json'
      ? type.fromJsonString(body.toString() || '{}', { ignoreUnknownFields: true })
      : type.fromBinary(body)
  } catch {
    throw new TwirpError('malformed', `the ${form} request could not be decoded`)
  }
}

function formOf(request: IncomingMessage): 'json' | 'protobuf' {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (type === 'application/json') return 'json'
  if (type === 'application/protobuf') return 'protobuf'
  throw new TwirpError('bad_route', `unexpected Content-Type: ${JSON.stringify(type)}`)
}

export function sendMessage<T extends Message<T>>(
  request: IncomingMessage,
  response: ServerResponse,
  message: Message<T>,
): void {
  if (formOf(request) === 'json') {
    send(
      request,
      response,
      200,
      'application/json',
      message.toJsonString({ useProtoFieldName: true, emitDefaultValues: true }),
    )
  } else {
    send(request, response, 200, 'application/protobuf', message.toBinary())
  }
}

export function sendError(request: IncomingMessage, response: ServerResponse, error: TwirpError): void {
  // With a charset behind it, LiveKit's own client library does not take the body for an error.
  const { code, message: msg, meta } = error
  send(request, response, error.status, 'application/json', JSON.stringify({ code, msg, meta }))
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'access-control-allow-origin': request.headers.origin ?? '*',
    vary: 'Origin',
  })
  // Where the rest of a body is not wanted, Node reads and forgets it: a client that still writes would not see the answer on a closed connection.
  response.end(body)
}
