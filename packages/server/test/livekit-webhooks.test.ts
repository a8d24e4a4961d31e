/** What happens in calls, as the receiver of LiveKit's own library hears it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LeaveRequest } from '@livekit/protocol'
import { RoomServiceClient, TokenVerifier, type WebhookEvent, WebhookReceiver } from 'livekit-server-sdk'
import { expect, onTestFinished, test } from 'vitest'
import { fixedKeys } from '../src/api-keys.ts'
import { deliverInOrder } from '../src/hooks/deliver-in-order.ts'
import { post } from '../src/hooks/post.ts'
import { signBody } from '../src/livekit/tokens.ts'
import { addTrack, connect, connectActive } from './livekit-client.ts'
import { keys, startTestServer } from './livekit-server.ts'
import { createSimulatedEngine, section } from './livekit-simulated-engine.ts'
import { createTimers } from './room-harness.ts'

async function setUp() {
  const events: WebhookEvent[] = []
  const raw: { type: string; authorization: string; body: string }[] = []
  const answers: number[] = []
  let changed = () => {}
  const receiver = new WebhookReceiver(keys.apiKey, keys.apiSecret)
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const { authorization = '', 'content-type': type = '' } = request.headers
    raw.push({ type, authorization, body })
    const answer = answers.shift() ?? 200
    if (answer === 200) events.push(await receiver.receive(body, authorization))
    response.writeHead(answer).end()
    changed()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const timers = createTimers()
  const apiKeys = fixedKeys(keys)
  const lost: string[] = []
  // It stands still: between setting a time and reckoning what is left until then no millisecond passes, and pauses are what they are called.
  const startedAt = Date.now()
  const out = deliverInOrder({
    urls: [`http://127.0.0.1:${(http.address() as AddressInfo).port}/hook`],
    left: [],
    headers: async (body) => ({
      'content-type': 'application/webhook+json',
      authorization: await signBody(body, apiKeys, Date.now()),
    }),
    post,
    schedule: timers.schedule,
    now: () => startedAt,
    lost: (_url, _count, why) => void lost.push(why),
  })
  const server = await startTestServer(createSimulatedEngine(), { sendWebhook: out.send })
  onTestFinished(async () => {
    await server.close()
    await out.close()
    http.close()
  })
  const service = new RoomServiceClient(`http://${server.host}`, keys.apiKey, keys.apiSecret)
  const until = (enough: () => boolean) =>
    new Promise<void>((resolve) => {
      changed = () => enough() && resolve()
      changed()
    })
  const heard = () => events.map(({ event, participant }) => [event, participant?.identity].filter(Boolean).join(' '))
  return { server, service, events, raw, answers, timers, until, heard, lost }
}

test('the life of a room is told in order, signed, with what it is about', async () => {
  const { server, service, events, raw, until, heard } = await setUp()
  const ana = await connectActive(server, 'ana', { more: { name: 'Ana', attributes: { hat: 'red' } } })
  const spy = await connectActive(server, 'spy', { grant: { hidden: true } })
  addTrack(ana, { cid: 'cam', name: 'camera', type: 1, source: 1 })
  const { track } = await ana.next('trackPublished')
  ana.offer([section('1', 'cam')])
  await ana.settled()
  ana.offer([section('1', 'cam', 'video', false)], 2)
  await ana.settled()
  const late = await connect(server, 'late', { answers: false })
  late.say({ case: 'leave', value: new LeaveRequest() })
  await late.closed
  ana.say({ case: 'leave', value: new LeaveRequest({ reason: 1 }) })
  await ana.closed
  await service.removeParticipant('hall', 'spy')
  await spy.closed
  await service.deleteRoom('hall')
  await until(() => events.length === 9)
  expect(heard()).toEqual([
    'room_started',
    'participant_joined ana',
    'participant_joined spy',
    'track_published ana',
    'track_unpublished ana',
    'participant_connection_aborted late',
    'participant_left ana',
    'participant_left spy',
    'room_finished',
  ])
  expect(new Set(events.map(({ room }) => `${room?.name} ${room?.sid}`)).size).toBe(1)
  expect(new Set(events.map(({ id }) => id)).size).toBe(9)
  expect(events[1]?.participant).toMatchObject({ sid: ana.sid(), name: 'Ana', state: 2, attributes: { hat: 'red' } })
  expect(events[3]).toMatchObject({
    participant: { sid: ana.sid(), identity: 'ana', name: 'Ana' },
    track: { sid: track?.sid, name: 'camera', mimeType: 'video/VP8' },
  })
  expect(events[6]?.participant).toMatchObject({ state: 3, disconnectReason: 1 })
  expect(events[7]?.participant).toMatchObject({ state: 3, disconnectReason: 4 })
  expect(events[8]?.roomEndReason).toBe(1)
  for (const { type, authorization, body } of raw) {
    expect(type).toBe('application/webhook+json')
    const claims = await new TokenVerifier(keys.apiKey, keys.apiSecret).verify(authorization)
    expect((claims.exp ?? 0) - Date.now() / 1000).toBeLessThanOrEqual(300)
    await expect(new WebhookReceiver(keys.apiKey, keys.apiSecret).receive(`${body} `, authorization)).rejects.toThrow()
  }
})

test('a receiver that is away for a moment misses nothing and hears it in order', async () => {
  const { server, service, events, raw, answers, timers, until, heard } = await setUp()
  answers.push(500, 503)
  await service.createRoom({ name: 'hall' })
  await connectActive(server, 'ana')
  await until(() => raw.length === 1)
  for (const delay of [1_000, 2_000]) {
    const before = raw.length
    // The next attempt is set once the answer was read.
    while (raw.length === before) {
      timers.run(delay)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await until(() => events.length === 2)
  expect(heard()).toEqual(['room_started', 'participant_joined ana'])
  expect(new Set(raw.slice(0, 3).map(({ body }) => body)).size).toBe(1)
})

test('an empty room that ends by itself says so', async () => {
  const { server, service, events, until } = await setUp()
  await service.createRoom({ name: 'hall', emptyTimeout: 10 })
  server.clock.now += 10_000
  server.livekit.tick()
  await until(() => events.length === 2)
  expect(events.map(({ event, roomEndReason }) => [event, roomEndReason])).toEqual([
    ['room_started', 0],
    ['room_finished', 2],
  ])
})
