/** REST for programs: reads the request as its operation says, asks the domain, writes the answer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, check, parseRecord, readRoomName, seq } from '@maru/protocol'
import * as v from 'valibot'
import type { ApiKeys } from '../api-keys.ts'
import { readBody, sendJson } from '../http/answer.ts'
import type { App, Method } from '../http/app.ts'
import { actorOf, decodePart, memberOf, sessionOf } from '../http/authorize.ts'
import { verifyToken } from '../livekit/tokens.ts'
import type { Call, Operation, RestContext } from './operation.ts'
import { operations } from './operations.ts'
import { createPatience } from './patience.ts'

/** The longest message in JSON, every character escaped, and what stands around it. */
const MAX_BODY_BYTES = 65_536

export interface RestOptions extends RestContext {
  app: Pick<App, 'route'>
  /** Whoever can sign with them runs the server. */
  keys: ApiKeys
  now?: () => number
}

export function attachRest(options: RestOptions): void {
  const { app, now = Date.now } = options
  const isPatient = createPatience((request) => sessionOf(options.storage, request), now)
  let document: object | undefined
  app.route('GET', '/api/openapi.json', async (_request, response) => {
    // Only who asks for it waits for what writes it.
    document ??= (await import('./openapi.ts')).openApi()
    sendJson(response, 200, document)
  })
  const byPath = Map.groupBy(
    operations.filter(({ run }) => run),
    ({ path }) => path,
  )
  for (const [path, here] of byPath) {
    const pattern = patternOf(path)
    for (const operation of here)
      app.route(operation.method, pattern, async (request, response, url) => {
        if (!isPatient(request, operation.weight))
          throw new AppError('too_fast', 'Too many requests in a short time; wait a moment.')
        await answer(options, operation, { request, response, url, pattern }, now)
      })
    // Files of a room are announced by a route of their own.
    if (operations.some((other) => other.path === path && !other.run)) continue
    app.route('*' satisfies Method, pattern, (_request, response) => {
      response.setHeader('allow', [...new Set(here.map(({ method }) => method))].join(', '))
      throw new AppError('method_not_allowed')
    })
  }
}

interface Asked {
  request: IncomingMessage
  response: ServerResponse
  url: URL
  pattern: RegExp
}

async function answer(
  options: RestOptions,
  operation: Operation,
  { request, response, url, pattern }: Asked,
  now: () => number,
): Promise<void> {
  const parts = pattern.exec(url.pathname)?.groups ?? {}
  const part = (name: string) => decodePart(parts[name] ?? '', name)
  const asker = await askerOf(options, operation, request, parts.room === undefined ? undefined : part('room'), now())
  const target = 'seq' in parts ? readNumber(part('seq')) : 0
  const query = readQuery(operation.query, url.searchParams)
  let body: unknown
  if (operation.body) {
    const bytes = await readBody(request, response, MAX_BODY_BYTES)
    if (!bytes) return
    const record = parseRecord(bytes.toString())
    if (!record) throw new AppError('bad_frame', 'The body is not a JSON object.')
    body = accepted(check(operation.body, record))
  }
  const call = { ...asker, part, target, query, body, request, response } as Call<never, never>
  const reply = await operation.run?.(options, call)
  if (reply) sendJson(response, operation.status, reply)
}

type Asker = Partial<Pick<Call<never, never>, 'member' | 'actor' | 'authority'>>

/** @throws unauthorized, right_missing, forbidden, room_empty, room_too_long, room_bad_characters */
async function askerOf(
  { storage, keys }: RestOptions,
  { who, needs }: Operation,
  request: IncomingMessage,
  rawRoom: string | undefined,
  now: number,
): Promise<Asker> {
  const room = rawRoom === undefined ? '' : readRoomName(rawRoom)
  if (who === 'member') return { member: memberOf(storage, request, needs), authority: { room } }
  if (who === 'room') {
    const actor = actorOf(storage, request, room, needs)
    return { member: actor.member, actor }
  }
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (token !== undefined) {
    const { video } = await verifyToken(token, keys, now).catch((cause) => {
      throw new AppError('unauthorized', undefined, { cause })
    })
    // `roomCreate` is LiveKit's grant for the whole server, `roomAdmin` that for one room.
    if (!video.roomCreate && !(who !== 'operator' && video.roomAdmin && video.room === room))
      throw new AppError('forbidden')
    return { authority: { room } }
  }
  if (who === 'operator') throw new AppError('unauthorized', 'This takes a token signed with the API key.')
  const { member } = actorOf(storage, request, room, needs)
  return { member, authority: { room, member } }
}

/** @throws bad_frame */
function readQuery(entries: Operation['query'], given: URLSearchParams): object {
  const values: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(entries)) {
    const text = given.get(name)
    if (text !== null) values[name] = isNumeric(schema) && /^\d{1,16}$/.test(text) ? Number(text) : text
  }
  return accepted(check(v.object(entries), values)) as object
}

function isNumeric(schema: v.GenericSchema): boolean {
  return schema.type === 'number' || ('wrapped' in schema && isNumeric(schema.wrapped as v.GenericSchema))
}

function readNumber(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!v.is(seq, value)) throw new AppError('bad_frame', '"seq" in the path has to be a number.', { field: 'seq' })
  return value
}

function accepted<Value>(
  checked: { value: Value } | { problem: { code: 'bad_frame' | string; message: string; field?: string } },
): Value {
  if ('value' in checked) return checked.value
  const { message, field } = checked.problem
  throw new AppError('bad_frame', message, field === undefined ? {} : { field })
}

/** `/api/rooms/{room}` as an expression that gives its parts by name. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
}
