/** Made from the schemas and routes themselves: whatever is added is asked with bad input at once. */
import { askedSchemas, errors } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { operations } from '../src/rest/operations.ts'
import { restServer } from './rest-harness.ts'
import { Member, RawClient, startRoomServer } from './room-harness.ts'

interface Schema {
  type: string
  kind: string
  entries?: Record<string, Schema>
  wrapped?: Schema
}

const isOptional = ({ type }: Schema) => type === 'optional'
/** Of another kind than is asked for. */
function nonsense({ type, wrapped }: Schema): unknown {
  if (wrapped) return nonsense(wrapped)
  return ['object', 'variant'].includes(type) ? 7 : { made: 'up' }
}

/** Each with what it lacks, or holds wrongly, beside nothing else that is wrong. */
function badly(entries: Record<string, Schema>, sound: Record<string, unknown>) {
  return Object.entries(entries).flatMap(([field, schema]) => {
    const { [field]: _left, ...rest } = sound
    return [
      { field, problem: `"${field}" has to be `, body: { ...sound, [field]: nonsense(schema) } },
      ...(isOptional(schema) ? [] : [{ field, problem: `"${field}" is missing.`, body: rest }]),
    ]
  })
}

/** Something that every field of this name takes. */
const sound: Record<string, unknown> = {
  clientId: 'c',
  text: 'x',
  target: 1,
  seq: 1,
  emoji: '👍',
  on: true,
  options: [0],
  root: 1,
  targets: [1],
  query: 'x',
  name: 'x',
  topic: 'x',
  retention: { keep: 'all' },
  member: 'ME_0000000000000000',
  session: 'SE_0000000000000000',
  rights: ['read'],
  url: 'https://example.org/',
  type: 'text/plain',
  size: 1,
}

const soundOf = (entries: Record<string, Schema>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(entries)
      .filter(([, schema]) => !isOptional(schema))
      .map(([field]) => [field, sound[field]]),
  )

test('every request of the socket says of every field what is missing or wrong', async ({ expect }) => {
  const server = await startRoomServer({ now: () => Date.now() * 1_000 })
  onTestFinished(() => server.close())
  const { welcome } = await new Member(server.url).come('hall', 'Ana')
  const answers: unknown[] = []
  const wanted: unknown[] = []
  for (const [type, schema] of Object.entries(askedSchemas)) {
    const { type: _type, id: _id, ...entries } = schema.entries as unknown as Record<string, Schema>
    const rows = badly(entries, soundOf(entries)).map((row) => ({ ...row, id: 7 as unknown }))
    rows.push({ field: 'id', problem: '"id" has to be ', body: soundOf(entries), id: {} })
    // A connection is closed after some frames that cannot be read.
    for (const { field, problem, body, id } of rows) {
      const client = new RawClient(server.url)
      await client.enter('hall', 'Ana', { token: welcome.token })
      await client.say({ ...body, type, id })
      const error = await client.take('error')
      answers.push([type, error.field, error.code, error.message.slice(0, problem.length), error.id])
      wanted.push([type, field, 'bad_frame', problem, id === 7 ? 7 : undefined])
      client.socket.terminate()
    }
  }
  expect(answers).toEqual(wanted)
  expect(new Set(answers.map((answer) => (answer as [string])[0]))).toEqual(new Set(Object.keys(askedSchemas)))
})

test('what a later version adds to a request is passed over, whichever it is', async ({ expect }) => {
  const server = await startRoomServer({ now: () => Date.now() * 1_000 })
  onTestFinished(() => server.close())
  for (const [type, schema] of Object.entries(askedSchemas)) {
    const { type: _type, id: _id, ...entries } = schema.entries as unknown as Record<string, Schema>
    const one = await new Member(server.url).come('hall', type)
    const answer = await one.ask(type, { ...soundOf(entries), later: { than: ['this'] } })
    expect([type, answer === 'bad_frame']).toEqual([type, false])
    one.socket.terminate()
  }
})

test('every route says of its path, its query and its body what is missing or wrong', async ({ expect }) => {
  let now = Date.now()
  const { ask, askAs } = await restServer({ now: () => now })
  const rows: {
    id: string
    method: string
    path: string
    token?: string
    body?: unknown
    code: string
    field?: string
    says: string
  }[] = []
  for (const { id, method, path, query, body, run, who } of operations) {
    const at = (changed: Record<string, string> = {}) =>
      path.replaceAll(/\{(\w+)\}/g, (_all, part: string) => changed[part] ?? { room: 'hall', seq: '2' }[part] ?? 'x')
    const row = { id, method }
    const entries = (body as Schema | undefined)?.entries
    const good = entries ? soundOf(entries) : undefined
    const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, part]) => part ?? '')
    if (parts.includes('room')) {
      rows.push({
        ...row,
        path: at({ room: 'a%2Fb' }),
        body: good,
        code: 'room_bad_characters',
        field: 'room',
        says: 'A room name has only',
      })
      rows.push({
        ...row,
        path: at({ room: '%ff' }),
        body: good,
        code: 'room_bad_characters',
        field: 'room',
        says: '"room" in the path',
      })
    }
    if (parts.includes('seq'))
      rows.push({
        ...row,
        path: at({ seq: '-1' }),
        body: good,
        code: 'bad_frame',
        field: 'seq',
        says: '"seq" in the path',
      })
    // What is not of the form of an id is no address at all.
    if (parts.includes('id')) rows.push({ ...row, path: at(), code: 'not_found', says: 'There is nothing' })
    for (const part of parts.filter((each) => ['member', 'hook', 'emoji'].includes(each)))
      rows.push({ ...row, path: at({ [part]: '%ff' }), code: 'bad_frame', field: part, says: `"${part}" in the path` })
    for (const [field, schema] of Object.entries(query) as [string, Schema][]) {
      if (field !== 'query')
        rows.push({
          ...row,
          path: `${at()}?query=x&${field}=x`,
          code: 'bad_frame',
          field,
          says: `"${field}" has to be `,
        })
      if (!isOptional(schema))
        rows.push({ ...row, path: at(), code: 'bad_frame', field, says: `"${field}" is missing.` })
    }
    if (entries && good) {
      for (const text of ['no JSON', '[]', '7', ''])
        rows.push({ ...row, path: at(), body: text, code: 'bad_frame', says: 'The body is not a JSON object.' })
      for (const { field, problem, body } of badly(entries, good))
        rows.push({ ...row, path: at(), body, code: 'bad_frame', field, says: problem })
    }
    // Who has no token is told before anything else is looked at.
    if (run)
      rows.push({
        ...row,
        path: at(),
        token: 'none',
        code: 'unauthorized',
        says: who === 'operator' ? 'This takes a token' : 'Send the token',
      })
  }
  for (const { id, method, path, token, body, code, field, says } of rows) {
    now += 1_000
    const { status, json } = await (token === undefined ? ask : askAs(token))(method, path, body)
    expect([id, path, body, status, json.code, json.field, json.message.slice(0, says.length)]).toEqual([
      id,
      path,
      body,
      errors[code as keyof typeof errors].status,
      code,
      field,
      says,
    ])
  }
  expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(operations.map(({ id }) => id)))
})
