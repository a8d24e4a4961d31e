import { request } from 'node:http'
import { limits } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { createTimers, RawClient, startRoomServer } from './room-harness.ts'

async function server(options: Parameters<typeof startRoomServer>[0] = {}) {
  const started = await startRoomServer(options)
  onTestFinished(() => started.close())
  return started
}

const hello = { type: 'hello', version: 1, room: 'hall', name: 'Ana' }
const send = { type: 'send', id: 5, clientId: 'c', text: 'hi' }

// Whatever is wrong with the hello ends the connection at once or, where the frame cannot be read, leaves ten seconds for a better one.
const badHellos: [string, object | string, string, string | undefined, string][] = [
  ['no JSON', 'hello?', 'bad_frame', undefined, 'The frame is not a JSON object.'],
  ['a list', '[]', 'bad_frame', undefined, 'The frame is not a JSON object.'],
  ['no type', {}, 'bad_frame', 'type', '"type" is missing.'],
  ['another version', { ...hello, version: 2 }, 'unsupported_version', 'version', 'This server speaks version 1'],
  ['no room', { ...hello, room: undefined }, 'bad_frame', 'room', '"room" is missing.'],
  ['room not a text', { ...hello, room: 7 }, 'bad_frame', 'room', '"room" has to be string.'],
  ['room empty', { ...hello, room: ' ' }, 'room_empty', 'room', 'Type a room name first.'],
  [
    'room too long',
    { ...hello, room: '가'.repeat(65) },
    'room_too_long',
    'room',
    'at most 64 characters; this one has 65',
  ],
  ['room with a slash', { ...hello, room: 'a/b' }, 'room_bad_characters', 'room', 'only letters, digits'],
  ['room of dots', { ...hello, room: '..' }, 'room_bad_characters', 'room', 'only letters, digits'],
  ['name empty', { ...hello, name: '\u200b\u3164' }, 'name_empty', 'name', 'Type a nickname first.'],
  [
    'name too long',
    { ...hello, name: 'x'.repeat(41) },
    'name_too_long',
    'name',
    'at most 40 characters; this one has 41',
  ],
  ['token not of ours', { ...hello, token: 'secret' }, 'bad_frame', 'token', '"token" has to be '],
  ['cursor negative', { ...hello, cursor: -1 }, 'bad_frame', 'cursor', '"cursor" has to be '],
  ['something else first', send, 'hello_expected', undefined, 'The first frame has to be hello'],
]

const badRequests: [string, object | string, string, string | undefined, string][] = [
  ['unknown type', { type: 'fly', id: 5 }, 'bad_frame', 'type', '"type" has to be '],
  ['no id', { ...send, id: undefined }, 'bad_frame', 'id', '"id" is missing.'],
  ['text missing', { ...send, text: undefined }, 'bad_frame', 'text', '"text" is missing.'],
  ['text empty', { ...send, text: ' \n ' }, 'text_empty', 'text', 'Type a message first.'],
  [
    'text too long',
    { ...send, text: 'x'.repeat(4001) },
    'text_too_long',
    'text',
    'at most 4000 characters; this one has 4001',
  ],
  ['own id empty', { ...send, clientId: '' }, 'bad_frame', 'clientId', '"clientId" has to be '],
  ['own id too long', { ...send, clientId: 'x'.repeat(65) }, 'bad_frame', 'clientId', '"clientId" has to be '],
  ['page too large', { type: 'history', id: 5, before: 9, limit: 101 }, 'bad_frame', 'limit', '"limit" has to be '],
  ['before not a number', { type: 'history', id: 5, before: '9' }, 'bad_frame', 'before', '"before" has to be '],
  ['rename to nothing', { type: 'rename', id: 5, name: '' }, 'name_empty', 'name', 'Type a nickname first.'],
  ['bytes instead of text', 'binary', 'bad_frame', undefined, 'The frame is not a JSON object.'],
]

test('every bad hello is answered with what is wrong and where', async ({ expect }) => {
  const { url } = await server()
  for (const [what, frame, code, field, message] of badHellos) {
    const client = new RawClient(url)
    await client.say(frame)
    const error = await client.take('error')
    expect([what, error.code, error.field]).toEqual([what, code, field])
    expect(error.message).toContain(message)
    if (code !== 'bad_frame') expect((await client.gone()).code).toBe(4000)
    client.socket.terminate()
  }
})

test('every bad request is answered under its id, and the connection goes on', async ({ expect }) => {
  const { url } = await server()
  for (const [what, frame, code, field, message] of badRequests) {
    const client = new RawClient(url)
    await client.enter('hall', 'Ana')
    await client.say(frame)
    const error = await client.take('error')
    expect([what, error.code, error.field]).toEqual([what, code, field])
    expect(error.message).toContain(message)
    expect(error.id).toBe(typeof frame === 'string' || what === 'no id' ? undefined : 5)
    await client.say({ ...send, id: 6 })
    expect((await client.take('reply')).id).toBe(6)
    client.socket.terminate()
  }
})

test('a call that cannot be joined and a second hello have their own words', async ({ expect }) => {
  const { url } = await server({ mintCallToken: () => Promise.reject(new Error('no keys')), log: silent })
  const client = new RawClient(url)
  await client.enter('hall', 'Ana')
  await client.say({ type: 'joinCall', id: 1 })
  expect(await client.take('error')).toMatchObject({ id: 1, code: 'call_unavailable' })
  await client.say(hello)
  expect((await client.take('error')).code).toBe('hello_expected')
  expect((await client.gone()).code).toBe(4000)
})

const silent = { debug() {}, info() {}, warn() {}, error() {} }

test('five unreadable frames, a frame too large and no hello each close the connection', async ({ expect }) => {
  const timers = createTimers()
  const { url } = await server({ schedule: timers.schedule })
  const babbler = new RawClient(url)
  for (let n = 0; n < 5; n += 1) await babbler.say('{')
  expect((await babbler.gone()).code).toBe(4000)
  const large = new RawClient(url)
  await large.say('x'.repeat(limits.frameBytes + 1))
  expect((await large.gone()).code).toBe(1009)
  const quiet = new RawClient(url)
  await quiet.say('{')
  await quiet.take('error')
  timers.run(10_000)
  expect((await quiet.gone()).code).toBe(4003)
})

test('too many frames at once are refused until a moment has passed', async ({ expect }) => {
  let time = 1_000
  const { url } = await server({ now: () => time })
  const client = new RawClient(url)
  await client.enter('hall', 'Ana')
  for (let id = 1; id <= 20; id += 1) await client.say({ type: 'ping', id })
  expect(await client.take('error')).toMatchObject({ id: 20, code: 'too_fast' })
  time += 1_000
  await client.say({ type: 'ping', id: 21 })
  while ((await client.take('reply')).id !== 21);
  for (let id = 100; id < 204; id += 1) await client.say({ type: 'ping', id })
  expect((await client.gone()).code).toBe(4000)
})

test('who is thrown out for flooding has no more to ask after coming back than before', async ({ expect }) => {
  let time = 1_000
  const { url } = await server({ now: () => time })
  const flood = new RawClient(url)
  const { token } = await flood.enter('hall', 'Ana')
  for (let id = 0; id < 130; id += 1) await flood.say({ type: 'ping', id })
  expect((await flood.gone()).code).toBe(4000)
  const again = new RawClient(url)
  // One that had no token yet began anew with it.
  await again.enter('hall', 'Ana', { token })
  for (let id = 0; id < 130; id += 1) await again.say({ type: 'ping', id })
  await again.gone()
  const third = new RawClient(url)
  await third.say({ type: 'hello', version: 1, room: 'hall', name: 'Ana', token })
  expect((await third.take('error')).code).toBe('too_fast')
  expect((await third.gone()).code).toBe(4000)
  time += 1_000
  const patient = new RawClient(url)
  await patient.enter('hall', 'Ana', { token })
  for (let id = 0; id < 6; id += 1) await patient.say({ type: 'ping', id })
  expect(await patient.take('error')).toMatchObject({ id: 4, code: 'too_fast' })
})

test('a page of another site may not open the socket; ours and programs may', async ({ expect }) => {
  const { port } = await server()
  const statusFor = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
      const asked = request({
        host: '127.0.0.1',
        port,
        path: '/socket',
        headers: { ...upgrade, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers },
      })
      asked.on('response', (response) => resolve(response.statusCode))
      asked.on('upgrade', (response, socket) => {
        socket.destroy()
        resolve(response.statusCode)
      })
      asked.on('error', reject)
      asked.end()
    })
  const host = `127.0.0.1:${port}`
  const cases: [Record<string, string>, number][] = [
    [{}, 101],
    [{ origin: `http://${host}` }, 101],
    [{ origin: `https://${host}` }, 101],
    [{ origin: 'https://maru.example', host: 'maru.example' }, 101],
    [{ origin: 'https://maru.example', host: 'maru.example:443' }, 101],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: `http://127.0.0.1:${port + 1}` }, 403],
    [{ origin: `http://localhost:${port}` }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'file://' }, 403],
    [{ origin: '' }, 403],
  ]
  for (const [headers, status] of cases) expect([headers, await statusFor(headers)]).toEqual([headers, status])
})

test('whoever does not read is given up and catches up by the cursor', async ({ expect }) => {
  // No timer runs: however slow the machine, nobody is cut off before having said goodbye.
  const { url, storage, bus, room } = await server({ schedule: createTimers().schedule })
  const slow = new RawClient(url)
  const { token } = await slow.enter('hall', 'Slow')
  await slow.take('entry')
  slow.socket.pause()
  const text = 'x'.repeat(4_000)
  let written = 1
  // The kernel's buffers take some megabytes first.
  while (room.connections() > 0 && written < 8_000 && slow.closed === undefined) {
    await storage.write(
      ({ rooms, entries }) =>
        Array.from({ length: 20 }, () => {
          written += 1
          return entries.append(rooms.ensure('hall'), {
            kind: 'message',
            member: 'ME_fast',
            name: 'Fast',
            text,
            clientId: `${written}`,
          })
        }),
      (added) => {
        for (const logged of added) bus.publish({ type: 'entryAdded', room: 'hall', ...logged })
      },
    )
    if (written > 6_000) slow.socket.resume()
  }
  expect((await slow.gone()).code).toBe(4002)
  const got = slow.received.flatMap((message) => (message.type === 'entry' ? [message.entry.seq] : []))
  const back = new RawClient(url)
  const cursor = Math.max(got.at(-1) ?? 1, written - 100)
  const welcome = await back.enter('hall', 'Slow', { token, cursor })
  expect(welcome.entries.map(({ seq }) => seq)).toEqual(
    Array.from({ length: written - cursor }, (_, index) => cursor + 1 + index),
  )
})
