/** The form of requests and answers of the room service, whatever they say. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { methodsOfLibrary } from './livekit-library.ts'
import { keys, signToken, startTestServer, type TestServer, tokenFor } from './livekit-server.ts'
import { createSimulatedEngine } from './livekit-simulated-engine.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer(createSimulatedEngine())
})
afterEach(() => server.close())

describe('over the wire', () => {
  const post = async (path: string, init: RequestInit & { grant?: object } = {}) => {
    const { grant = { roomCreate: true, roomList: true, roomAdmin: true, room: 'hall' }, headers, ...rest } = init
    const token = await signToken({ iss: keys.apiKey, exp: Math.floor(Date.now() / 1000) + 60, video: grant })
    const response = await fetch(`http://${server.host}/twirp/livekit.${path}`, {
      method: 'POST',
      body: '{}',
      ...rest,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    })
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
  }
  const codeIn = ({ status, body }: { status: number; body: string }) => `${status} ${JSON.parse(body).code}`

  test('JSON has snake case, all fields, and 64-bit numbers as text', async () => {
    const { type, body } = await post('RoomService/CreateRoom', {
      body: '{"name":"hall","empty_timeout":9,"new_field":1}',
    })
    expect(type).toBe('application/json')
    expect(JSON.parse(body)).toMatchObject({
      name: 'hall',
      empty_timeout: 9,
      metadata: '',
      num_participants: 0,
      creation_time: expect.stringMatching(/^\d+$/),
    })
    const camel = await post('RoomService/CreateRoom', { body: '{"name":"hall","emptyTimeout":11}' })
    expect(JSON.parse(camel.body).empty_timeout).toBe(11)
  })

  test('protobuf is answered with protobuf', async () => {
    const answer = await post('RoomService/ListRooms', {
      body: '',
      headers: { 'content-type': 'application/protobuf' },
    })
    expect(answer).toMatchObject({ status: 200, type: 'application/protobuf', body: '' })
  })

  test.each<[string, string, RequestInit & { grant?: object }, string]>([
    ['no such method', 'RoomService/Dance', {}, '404 bad_route'],
    ['no such service', 'Dance/Now', {}, '404 bad_route'],
    ['a service not here', 'Egress/ListEgress', {}, '501 unimplemented'],
    ['a method not here', 'RoomService/MoveParticipant', {}, '501 unimplemented'],
    [
      'a procedure of nobody',
      'RoomService/PerformRpc',
      { body: '{"room":"hall","destination_identity":"ana"}' },
      '404 not_found',
    ],
    ['a body that cannot be read', 'RoomService/ListRooms', { body: '{"names":' }, '400 malformed'],
    ['a form that is neither', 'RoomService/ListRooms', { headers: { 'content-type': 'text/plain' } }, '404 bad_route'],
    ['more than 10 MiB', 'RoomService/ListRooms', { body: ' '.repeat(10 * 1024 * 1024 + 1) }, '413 resource_exhausted'],
    ['a room without a name', 'RoomService/CreateRoom', {}, '400 invalid_argument'],
    ['no right to make rooms', 'RoomService/CreateRoom', { grant: { roomList: true } }, '401 unauthenticated'],
    ['no right to list', 'RoomService/ListRooms', { grant: { roomCreate: true } }, '401 unauthenticated'],
    [
      'the right to another room',
      'RoomService/ListParticipants',
      { grant: { roomAdmin: true, room: 'attic' }, body: '{"room":"hall"}' },
      '401 unauthenticated',
    ],
    ['a forged token', 'RoomService/ListRooms', { headers: { authorization: 'Bearer x.y.z' } }, '401 unauthenticated'],
    ['no such room', 'RoomService/UpdateRoomMetadata', { body: '{"room":"hall"}' }, '404 not_found'],
    ['a preset', 'RoomService/CreateRoom', { body: '{"name":"hall","room_preset":"x"}' }, '400 invalid_argument'],
    [
      'a service not here without a token',
      'SIP/ListSIPTrunk',
      { headers: { authorization: '' } },
      '401 unauthenticated',
    ],
    [
      'a mark of another size',
      'RoomService/SendData',
      { body: '{"room":"hall","nonce":"aGk="}' },
      '400 invalid_argument',
    ],
  ])('%s', async (_what, path, init, expected) => {
    const answer = await post(path, init)
    expect(codeIn(answer)).toBe(expected)
    expect(answer.type).toBe('application/json')
  })

  test.each([
    ['CreateRoom', { roomAdmin: true, roomList: true }],
    ['DeleteRoom', { roomAdmin: true, roomList: true }],
    ['ListRooms', { roomAdmin: true, roomCreate: true }],
    ...[
      'UpdateRoomMetadata',
      'ListParticipants',
      'GetParticipant',
      'RemoveParticipant',
      'MutePublishedTrack',
      'UpdateParticipant',
      'UpdateSubscriptions',
      'SendData',
      'PerformRpc',
    ].flatMap((method): [string, object][] => [
      [method, { roomCreate: true, roomList: true, roomJoin: true }],
      [method, { roomAdmin: true, room: 'attic' }],
      [method, { roomAdmin: true, room: '' }],
    ]),
  ])('%s takes its own right, not %o', async (method, grant) => {
    const body = '{"room":"hall","name":"hall","identity":"ana","destination_identity":"ana"}'
    expect(codeIn(await post(`RoomService/${method}`, { grant, body }))).toBe('401 unauthenticated')
  })

  test('a method of a service that is not here says so, in JSON and in protobuf', async () => {
    const elsewhere = methodsOfLibrary().filter((method) => !method.startsWith('RoomService.'))
    for (const method of [...elsewhere, 'PhoneNumberService.SearchPhoneNumbers']) {
      for (const type of ['application/json', 'application/protobuf']) {
        const headers = { 'content-type': type }
        const answer = await post(method.replace('.', '/'), { headers, ...(type.endsWith('protobuf') && { body: '' }) })
        expect([method, codeIn(answer)]).toEqual([method, '501 unimplemented'])
      }
    }
  })

  test('only POST is understood', async () => {
    const response = await fetch(`http://${server.host}/twirp/livekit.RoomService/ListRooms`)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      code: 'bad_route',
      msg: 'unsupported method "GET" (only POST is allowed)',
      meta: { twirp_invalid_route: 'GET /twirp/livekit.RoomService/ListRooms' },
    })
  })
})

/** A POST whose body comes bit by bit, as its maker wants it. */
async function postSlowly(host: string) {
  const request = httpRequest(`http://${host}/twirp/livekit.RoomService/ListRooms`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await tokenFor('admin', { roomList: true })}`,
      'content-type': 'application/json',
    },
  })
  request.on('error', () => {})
  return request
}

test('a body that turns out too long is told so, while its maker still writes', async () => {
  const request = await postSlowly(server.host)
  const answered = once(request, 'response')
  request.write(' '.repeat(10 * 1024 * 1024 + 1))
  const [response] = (await answered) as [IncomingMessage]
  expect(response.statusCode).toBe(413)
  request.end(' '.repeat(1024 * 1024))
  response.resume()
  await once(response, 'end')
  request.destroy()
})

test('a body that breaks off is no fault of the server', async () => {
  let ours: IncomingMessage | undefined
  const seen = new Promise<void>((resolve) =>
    subscribe('http.server.request.start', function note(message) {
      unsubscribe('http.server.request.start', note)
      ours = (message as { request: IncomingMessage }).request
      resolve()
    }),
  )
  const request = await postSlowly(server.host)
  request.write('{')
  await seen
  const gone = new Promise((resolve) => ours?.once('close', resolve))
  request.destroy()
  await gone
  await new Promise((resolve) => setImmediate(resolve))
  expect(server.logged.filter(({ level }) => level !== 'debug')).toEqual([])
})
