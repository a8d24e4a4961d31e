import { DataPacket, UserPacket } from '@livekit/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addTrack, connect, connectActive, type TestClient } from './livekit-client.ts'
import { startTestServer, type TestServer } from './livekit-server.ts'
import { createSimulatedEngine, type SimulatedEngine, section } from './livekit-simulated-engine.ts'

let engine: SimulatedEngine
let server: TestServer
/** The transports of the clients by name, in the order they were opened. */
const publishers = new Map<string, number>()
const names = new Map<number, string>()
beforeEach(async () => {
  engine = createSimulatedEngine()
  server = await startTestServer(engine)
})
afterEach(() => server.close())

async function enter(name: string, options: Parameters<typeof connect>[2] = {}): Promise<TestClient> {
  const known = new Set(engine.open.keys())
  const client =
    options?.answers === false ? await connect(server, name, options) : await connectActive(server, name, options)
  for (const [transport, role] of engine.open) {
    if (known.has(transport)) continue
    if (role === 'publisher') publishers.set(name, transport)
    else names.set(transport, name)
  }
  return client
}

function send(
  from: string,
  packet: ConstructorParameters<typeof DataPacket>[0],
  reliable = true,
  label = '_reliable',
): void {
  const payload = Buffer.from(new DataPacket(packet).toBinary())
  engine.emit({ type: 'dataReceived', transport: publishers.get(from) ?? 0, reliable, label, payload })
}

const said = (text: string, more: ConstructorParameters<typeof UserPacket>[0] = {}) => ({
  case: 'user' as const,
  value: new UserPacket({ payload: Buffer.from(text), topic: 't', ...more }),
})

/** What went out: to whom, how, and the packet. */
function sent() {
  return engine.sent.splice(0).map(({ transports, reliable, payload }) => ({
    to: transports.map((transport) => names.get(transport)),
    reliable,
    packet: DataPacket.fromBinary(payload),
  }))
}

describe('a packet of a participant', () => {
  test('goes to everybody else, with the sender written in whatever it claimed', async () => {
    const ana = await enter('ana')
    await enter('bo')
    await enter('cy')
    send('ana', { value: said('hi'), participantIdentity: 'bo', participantSid: 'PA_forged', sequence: 4 })
    const [out, ...more] = sent()
    expect(more).toEqual([])
    expect(out).toMatchObject({ to: ['bo', 'cy'], reliable: true })
    expect(out?.packet).toMatchObject({ kind: 0, participantIdentity: 'ana', participantSid: ana.sid(), sequence: 4 })
    expect(out?.packet.value.value).toMatchObject({ participantIdentity: 'ana', participantSid: ana.sid(), topic: 't' })
    send('ana', { value: said('hi') }, false, '_lossy')
    expect(sent()).toMatchObject([{ reliable: false, packet: { kind: 1 } }])
  })

  test.each([
    ['by identity', () => ({ destinationIdentities: ['cy', 'nobody', 'ana'] })],
    ['by the identity inside', () => ({ value: said('x', { destinationIdentities: ['cy'] }) })],
  ])('goes to some %s, and never back', async (_how, packet) => {
    await enter('ana')
    await enter('bo')
    await enter('cy')
    send('ana', { value: said('x'), ...packet() })
    expect(sent().map(({ to }) => to)).toEqual([['cy']])
  })

  test('that was seen already is dropped, as are those of other channels and junk', async () => {
    await enter('ana')
    await enter('bo')
    for (const sequence of [1, 2, 2, 1, 3]) send('ana', { value: said('x'), sequence })
    expect(sent().map(({ packet }) => packet.sequence)).toEqual([1, 2, 3])
    send('ana', { value: said('x') }, false, '_data_track')
    engine.emit({
      type: 'dataReceived',
      transport: publishers.get('ana') ?? 0,
      reliable: true,
      label: '_reliable',
      payload: Buffer.from([255, 255]),
    })
    expect(sent()).toEqual([])
  })

  test.each([
    ['without the right to data', { canPublishData: false }, said('x')],
    ['with a transcript, from somebody who is no agent', {}, { case: 'transcription' as const, value: {} as never }],
    ['with metrics, when nobody may read them', {}, { case: 'metrics' as const, value: {} as never }],
  ])('%s goes nowhere', async (_what, grant, value) => {
    await enter('ana', { grant })
    await enter('bo')
    send('ana', { value })
    expect(sent()).toEqual([])
  })

  test('of somebody hidden has no name', async () => {
    await enter('spy', { grant: { hidden: true } })
    await enter('bo')
    send('spy', { value: said('boo') })
    expect(sent()).toMatchObject([{ to: ['bo'], packet: { participantIdentity: '', participantSid: '' } }])
  })

  test('waits for somebody who is still connecting, if it is reliable', async () => {
    await enter('ana')
    const bo = await enter('bo', { answers: false })
    send('ana', { value: said('kept'), sequence: 1 })
    send('ana', { value: said('lost') }, false, '_lossy')
    expect(sent()).toEqual([])
    bo.say({ case: 'answer', value: await bo.next('offer') })
    await bo.next('update')
    expect(sent()).toMatchObject([{ to: ['bo'], packet: { sequence: 1 } }])
  })
})

describe('speakers', () => {
  async function withMicrophone(name: string, source = 2): Promise<{ client: TestClient; track: string }> {
    const client = await enter(name)
    addTrack(client, { cid: 'mic', type: 0, source })
    const { track } = await client.next('trackPublished')
    client.offer([section('1', 'mic', 'audio')])
    await client.next('update', ({ participants }) => participants[0]?.tracks[0]?.mid === '1')
    return { client, track: track?.sid ?? '' }
  }
  const hear = (levels: Record<string, number>) =>
    engine.emit({ type: 'audioLevels', levels: Object.entries(levels).map(([track, level]) => ({ track, level })) })

  test('are told in eighths, only when they change, and when they stop', async () => {
    const bo = await enter('bo')
    const { client: ana, track } = await withMicrophone('ana')
    for (const level of [0.03, 0.1, 0.2, 0.2, 0]) hear({ [track]: level })
    const levels = []
    for (let n = 0; n < 3; n++) levels.push((await bo.next('speakersChanged')).speakers[0])
    expect(levels).toMatchObject([
      { sid: ana.sid(), level: 0.125, active: true },
      { sid: ana.sid(), level: 0.25, active: true },
      { sid: ana.sid(), level: 0, active: false },
    ])
    await bo.settled()
    expect(bo.cases().filter((each) => each === 'speakersChanged').length).toBe(3)
    expect(ana.cases().filter((each) => each === 'speakersChanged').length).toBe(3)
  })

  test('are those with microphones, and are heard of by those who receive them', async () => {
    const bo = await enter('bo')
    const cy = await enter('cy', { query: 'auto_subscribe=0' })
    const { client: ana, track } = await withMicrophone('ana')
    const { track: film } = await withMicrophone('dan', 4)
    hear({ [film]: 0.9 })
    hear({ [track]: 0.5 })
    await bo.next('speakersChanged')
    ana.say({ case: 'mute', value: { sid: track, muted: true } as never })
    expect((await bo.next('speakersChanged')).speakers).toMatchObject([{ sid: ana.sid(), level: 0, active: false }])
    hear({ [track]: 0.5 })
    await bo.settled()
    await cy.settled()
    expect(bo.cases().filter((each) => each === 'speakersChanged').length).toBe(2)
    expect(cy.cases()).not.toContain('speakersChanged')
  })
})

test('the quality of lines is told every five seconds, when it changed, and nobody is called lost', async () => {
  const ana = await enter('ana')
  const pass = () => {
    server.clock.now += 5_000
    server.livekit.tick()
  }
  pass()
  expect((await ana.next('connectionQuality')).updates).toMatchObject([{ participantSid: ana.sid(), quality: 2 }])
  pass()
  for (const [lossPercent, quality] of [
    [5, 1],
    [100, 0],
    [0, 2],
  ]) {
    engine.emit({ type: 'quality', transport: publishers.get('ana') ?? 0, lossPercent: lossPercent ?? 0, rttMs: 20 })
    pass()
    expect((await ana.next('connectionQuality')).updates).toMatchObject([{ quality }])
  }
  await ana.settled()
  expect(ana.cases().filter((each) => each === 'connectionQuality').length).toBe(4)
})

test('who begins to receive somebody hears how that line is, though nothing about it changed', async () => {
  const ana = await enter('ana')
  const bo = await enter('bo')
  const pass = () => {
    server.clock.now += 5_000
    server.livekit.tick()
  }
  pass()
  expect((await bo.next('connectionQuality')).updates).toMatchObject([{ participantSid: bo.sid() }])
  addTrack(ana, { cid: 'c', type: 0, source: 2 })
  ana.offer([section('1', 'c', 'audio')])
  await bo.next('offer', ({ midToTrackId }) => midToTrackId[1] !== undefined)
  pass()
  const { updates } = await bo.next('connectionQuality')
  expect(updates.map(({ participantSid }) => participantSid).sort()).toEqual([ana.sid(), bo.sid()].sort())
})

test('a receiver that cannot take a track is told, and not bothered again', async () => {
  const bo = await enter('bo')
  const ana = await enter('ana')
  addTrack(ana, { cid: 'c', type: 1, source: 1 })
  ana.offer([section('1', 'c')])
  const { trackSid: track } = await bo.next('subscriptionPermissionUpdate')
  const transport = [...names].find(([, name]) => name === 'bo')?.[0] ?? 0
  engine.emit({ type: 'subscriptionFailed', transport, track, reason: 'codec not spoken', codec: true })
  expect(await bo.next('subscriptionResponse')).toMatchObject({ trackSid: track, err: 1 })
  expect(engine.wanted.get(transport)).toEqual([])
})
