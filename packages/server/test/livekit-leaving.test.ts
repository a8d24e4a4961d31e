import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addTrack, connect, connectActive, connectSingle, open, type TestClient } from './livekit-client.ts'
import { startTestServer, type TestServer, tokenFor } from './livekit-server.ts'
import { createSimulatedEngine, type SimulatedEngine, section } from './livekit-simulated-engine.ts'

const reasons = {
  client: 1,
  duplicate: 2,
  shutdown: 3,
  removed: 4,
  deleted: 5,
  mismatch: 6,
  joinFailure: 7,
  signal: 9,
  media: 15,
}
const closedRoom = 10
const timeout = 14
const actions = { disconnect: 0, reconnect: 2 }

let engine: SimulatedEngine
let server: TestServer
beforeEach(async () => {
  engine = createSimulatedEngine()
  server = await startTestServer(engine)
})
afterEach(() => server.close())

const pass = (ms: number) => {
  server.clock.now += ms
  server.livekit.tick()
}
const gone = (client: TestClient, identity: string) =>
  client.next('update', ({ participants }) => participants.some((it) => it.identity === identity && it.state === 3))
/** The server has seen that the client's line broke. */
const noticed = (client: TestClient) =>
  expect
    .poll(() => server.logged.some(({ message }) => /broke off/.test(message) && message.includes(client.sid())))
    .toBe(true)
const people = () => server.livekit.stats().participants
const transportsOf = (role: string) => [...engine.open].filter(([, each]) => each === role).map(([id]) => id)

test('a leave is answered, the socket closes with 1000, and the others are told', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  ana.say({ case: 'leave', value: {} as never })
  expect(await ana.next('leave')).toMatchObject({ reason: reasons.client, action: actions.disconnect })
  expect(await ana.closed).toBe(1000)
  expect((await gone(bo, 'ana')).participants).toMatchObject([{ disconnectReason: reasons.client, tracks: [] }])
  expect(engine.open.size).toBe(2)
  expect(server.events.at(-1)).toMatchObject({ people: [{ identity: 'bo' }] })
})

test('the same identity again takes the place, and the others see no going', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  const old = await connectActive(server, 'old', { query: 'protocol=9' })
  const again = await connectActive(server, 'ana')
  expect(await ana.next('leave')).toMatchObject({ reason: reasons.duplicate, action: actions.disconnect })
  expect(await ana.closed).toBe(1000)
  const seen = await bo.next('update', ({ participants }) => participants[0]?.sid === again.sid())
  expect(seen.participants).toMatchObject([{ identity: 'ana', state: 1, version: 1 }])
  await bo.settled()
  expect(bo.heard.some((it) => it.case === 'update' && it.value.participants.some((each) => each.state === 3))).toBe(
    false,
  )
  expect(old.cases()).toContain('update')
  expect(people()).toBe(3)
})

test('older clients are told that the former one of an identity has gone', async () => {
  const ana = await connectActive(server, 'ana')
  const token = await tokenFor('old')
  const old = open(server, `access_token=${token}&protocol=9`)
  await old.next('join')
  await connectActive(server, 'ana')
  expect((await gone(old, 'ana')).participants[0]?.sid).toBe(ana.sid())
})

describe('a broken line', () => {
  test('before the media stood: gone at once', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connect(server, 'bo', { answers: false })
    bo.cut()
    expect((await gone(ana, 'bo')).participants[0]?.disconnectReason).toBe(reasons.signal)
  })

  test('with media: missed only when it does not come back', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    bo.cut()
    await noticed(bo)
    pass(59_000)
    expect(people()).toBe(2)
    pass(2_000)
    expect((await gone(ana, 'bo')).participants[0]?.disconnectReason).toBe(timeout)
    expect(people()).toBe(1)
  })

  test('when the media ends as well: gone at once', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectSingle(server, 'bo')
    bo.cut()
    await noticed(bo)
    engine.emit({ type: 'transportClosed', transport: transportsOf('single')[0] ?? 0, reason: 'lost' })
    expect((await gone(ana, 'bo')).participants[0]?.disconnectReason).toBe(timeout)
  })

  test('who has to join anew is seen as present for a while', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    const [, publisher = 0] = transportsOf('publisher')
    engine.emit({ type: 'transportClosed', transport: publisher, reason: 'lost' })
    await bo.closed
    pass(6_000)
    const resuming = open(server, `access_token=${await tokenFor('bo')}&reconnect=1&sid=${bo.sid()}&protocol=17`)
    expect(await resuming.next('leave')).toMatchObject({ reason: reasons.mismatch, action: actions.reconnect })
    expect(resuming.cases()).toEqual(['leave'])
    expect(await resuming.closed).toBe(1000)
    pass(6_000)
    expect(people()).toBe(2)
    const again = await connectActive(server, 'bo')
    await ana.next('update', ({ participants }) => participants[0]?.sid === again.sid())
    await ana.settled()
    expect(ana.heard.some((it) => it.case === 'update' && it.value.participants.some((each) => each.state === 3))).toBe(
      false,
    )
  })

  test('going on with what the server does not know is answered the same way', async () => {
    const resuming = open(server, `access_token=${await tokenFor('ghost')}&reconnect=1`)
    expect(await resuming.next('leave')).toMatchObject({ reason: reasons.mismatch, action: actions.reconnect })
  })
})

test('a lost transport sends the client around; when the line was dead before, it is gone', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  const lose = (role: string) => {
    const [, transport = 0] = transportsOf(role)
    engine.emit({ type: 'transportClosed', transport, reason: 'lost' })
  }
  lose('publisher')
  expect(await bo.next('leave')).toMatchObject({ reason: timeout, action: actions.reconnect })
  expect(people()).toBe(2)
  const again = await connectActive(server, 'bo')
  again.cut()
  await noticed(again)
  lose('subscriber')
  await gone(ana, 'bo')
})

test('who never becomes active is let go after a minute', async () => {
  const ana = await connect(server, 'ana', { answers: false })
  pass(60_000)
  expect(await ana.next('leave')).toMatchObject({ reason: reasons.joinFailure, action: actions.disconnect })
})

test('an empty call ends after its time, and so does one that nobody came to', async () => {
  const ana = await connectActive(server, 'ana')
  expect(server.livekit.stats().rooms).toBe(1)
  ana.say({ case: 'leave', value: {} as never })
  await ana.closed
  pass(19_000)
  expect(server.livekit.stats().rooms).toBe(1)
  pass(2_000)
  expect(server.livekit.stats().rooms).toBe(0)
})

test('somebody hidden does not keep a call alive', async () => {
  const spy = await connectActive(server, 'spy', { grant: { hidden: true } })
  pass(0)
  pass(21_000)
  expect(await spy.next('leave')).toMatchObject({ reason: closedRoom, action: actions.disconnect })
})

test('without an engine the calls are over, and nobody gets into another', async () => {
  const ana = await connectActive(server, 'ana')
  const token = await tokenFor('bo')
  engine.emit({ type: 'engineFailed', reason: 'a test' })
  expect(await ana.next('leave')).toMatchObject({ reason: reasons.media, action: actions.disconnect })
  await expect(open(server, `access_token=${token}`).next('join')).rejects.toThrow('503')
  const response = await fetch(`http://${server.host}/rtc/validate?access_token=${token}`)
  expect([response.status, await response.text()]).toEqual([503, 'the media engine has stopped'])
  await expect(server.livekit.mintCallToken({ identity: 'ME_1', name: 'x', room: 'hall' })).rejects.toThrow('stopped')
})

test('a server that goes down says so and waits for its clients', async () => {
  const ana = await connectActive(server, 'ana')
  const closing = server.livekit.close()
  expect(await ana.next('leave')).toMatchObject({ reason: reasons.shutdown, action: actions.disconnect })
  await closing
  expect(await ana.closed).toBe(1000)
})

describe('bad signalling ends that one connection', () => {
  test.each<[string, (client: TestClient) => void, number]>([
    ['bytes that are no request', (it) => it.sayBytes(new Uint8Array([0xff, 0xff, 0xff])), actions.disconnect],
    ['a text', (it) => it.sayBytes('{"ping":1}'), actions.disconnect],
    ['more than 2 MiB', (it) => it.sayBytes(new Uint8Array(2 * 1024 * 1024 + 1)), actions.disconnect],
    [
      'a flood',
      (it) => {
        for (let n = 0; n < 600; n++) it.say({ case: 'ping', value: 1n })
      },
      actions.disconnect,
    ],
    [
      'a flood of few but long requests',
      (it) => {
        const candidateInit = 'x'.repeat(500 * 1024)
        for (let n = 0; n < 20; n++) it.say({ case: 'trickle', value: { candidateInit } as never })
      },
      actions.disconnect,
    ],
    [
      'an offer that cannot be read',
      (it) => it.say({ case: 'offer', value: { sdp: 'x', id: 1 } as never }),
      actions.reconnect,
    ],
    [
      'an SDP of more than 1 MiB',
      (it) => it.say({ case: 'offer', value: { sdp: 'x'.repeat(1024 * 1024 + 1), id: 1 } as never }),
      actions.disconnect,
    ],
  ])('%s', async (_what, misbehave, action) => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    misbehave(bo)
    expect(await bo.next('leave')).toMatchObject({ reason: reasons.mismatch, action })
    await bo.closed
    await ana.settled()
    expect(server.logged.filter(({ level }) => level !== 'debug')).toEqual([])
  })

  test('an answer before any offer', async () => {
    engine.apply = () => {}
    const ana = await connect(server, 'ana')
    ana.say({ case: 'answer', value: { sdp: 'x' } as never })
    expect(await ana.next('leave')).toMatchObject({ reason: reasons.mismatch })
  })

  test('an answer that cannot be used: who was in joins anew and has everything again, nobody else notices', async () => {
    const ana = await connectActive(server, 'ana')
    addTrack(ana, { cid: 'mic', type: 0, source: 2 })
    const { track } = await ana.next('trackPublished')
    ana.offer([section('1', 'mic', 'audio')])
    await ana.next('answer')
    const bo = await connectActive(server, 'bo')
    const [, transport = 0] = transportsOf('subscriber')
    engine.emit({ type: 'negotiationFailed', transport, offer: 8, message: 'unusable' })
    expect(await bo.next('leave')).toMatchObject({ reason: reasons.mismatch, action: actions.reconnect })
    expect(await bo.closed).toBe(1000)
    const again = await connectActive(server, 'bo')
    expect((await again.next('offer')).midToTrackId).toEqual({ 1: track?.sid })
    expect(engine.open.has(transport)).toBe(false)
    await ana.next('update', ({ participants }) => participants[0]?.sid === again.sid())
    await ana.settled()
    const states = ana.heard.flatMap((it) => (it.case === 'update' ? it.value.participants : []))
    expect(states.filter(({ state }) => state === 3)).toEqual([])
    expect(ana.cases()).not.toContain('leave')
  })

  test('an answer that cannot be used while joining: it would not be better the next time', async () => {
    const bo = await connect(server, 'bo', { answers: false })
    const { id } = await bo.next('offer')
    const [transport = 0] = transportsOf('subscriber')
    engine.emit({ type: 'negotiationFailed', transport, offer: id, message: 'unusable' })
    expect(await bo.next('leave')).toMatchObject({ reason: reasons.mismatch, action: actions.disconnect })
    expect(await bo.closed).toBe(1000)
    expect([people(), engine.open.size]).toEqual([0, 0])
  })

  test('requests of kinds from the future and candidates are passed over', async () => {
    const ana = await connectActive(server, 'ana')
    ana.sayBytes(new Uint8Array([0xfa, 0x3e, 0x01, 0x00]))
    ana.say({ case: 'trickle', value: { candidateInit: '{broken' } as never })
    ana.say({ case: 'syncState', value: {} as never })
    ana.say({ case: 'mute', value: { sid: 'TR_nothing', muted: true } as never })
    ana.offer([section('1', 'nobody-asked')])
    await ana.next('answer')
    await ana.settled()
    expect(ana.cases()).not.toContain('leave')
  })
})

test('where joining fails in the server itself, the newcomer hears so and the connection ends', async () => {
  const ensureRoom = () => {
    throw new Error('no disk')
  }
  const broken = await startTestServer(createSimulatedEngine(), { ensureRoom })
  const ana = open(broken, `access_token=${await tokenFor('ana')}&protocol=17`)
  expect(await ana.next('leave')).toMatchObject({ reason: reasons.joinFailure, action: actions.disconnect })
  expect(await ana.closed).toBe(1000)
  expect(broken.logged.filter(({ level }) => level === 'error')).toHaveLength(1)
  await broken.close()
})
