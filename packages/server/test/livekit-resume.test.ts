/** Going on with a broken signalling connection while the media flows. */
import { DataPacket, DataPacket_Kind, SimulateScenario, SyncState, UserPacket } from '@livekit/protocol'
import { RoomServiceClient } from 'livekit-server-sdk'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addTrack, connectActive, connectSingle, open, packJoin, spare, type TestClient } from './livekit-client.ts'
import { keys, startTestServer, type TestServer, tokenFor } from './livekit-server.ts'
import { createSimulatedEngine, type SimulatedEngine, section } from './livekit-simulated-engine.ts'

const reasons = { duplicate: 2, shutdown: 3, removed: 4, mismatch: 6 }
const actions = { disconnect: 0, reconnect: 2 }

let engine: SimulatedEngine
let server: TestServer
beforeEach(async () => {
  engine = createSimulatedEngine()
  server = await startTestServer(engine)
})
afterEach(() => server.close())

const service = () => new RoomServiceClient(`http://${server.host}`, keys.apiKey, keys.apiSecret)

/** The server has seen that the client's line broke. */
const noticed = (client: TestClient) =>
  expect
    .poll(() => server.logged.some(({ message }) => /broke off/.test(message) && message.includes(client.sid())))
    .toBe(true)

async function goOn(identity: string, sid: string): Promise<TestClient> {
  const asked = packJoin({ reconnect: true, participantSid: sid })
  return open(server, `access_token=${await tokenFor(identity)}&${asked}`, false, '/rtc/v1')
}

const goOnDual = async (identity: string, sid: string) =>
  open(server, `access_token=${await tokenFor(identity)}&protocol=17&reconnect=1&sid=${sid}`, false)

const simulate = (client: TestClient, scenario: object) =>
  client.say({ case: 'simulate', value: new SimulateScenario({ scenario: scenario as never }) })

const states = (client: TestClient) =>
  client.heard.flatMap((each) =>
    each.case === 'update' ? each.value.participants.map(({ identity, state }) => `${identity} ${state}`) : [],
  )

describe('who goes on', () => {
  test('hears so first, then of everybody and itself, and nobody notices', async () => {
    const ana = await connectSingle(server, 'ana')
    const bo = await connectSingle(server, 'bo')
    await ana.settled()
    const before = ana.heard.length
    bo.cut()
    await noticed(bo)
    const again = await goOn('bo', bo.sid())
    expect(await again.next('reconnect')).toMatchObject({ lastMessageSeq: 0, serverInfo: { version: '1.13.6' } })
    await again.next('refreshToken')
    await again.settled()
    expect(again.cases().slice(0, 4)).toEqual(['reconnect', 'update', 'roomUpdate', 'refreshToken'])
    expect(states(again)).toEqual(['bo 2', 'ana 2'])
    await ana.settled()
    expect(ana.cases().slice(before)).toEqual(['pong', 'pong'])
    expect(engine.open.size).toBe(2)
    addTrack(again, { cid: 'mic', type: 0, source: 2 })
    expect((await again.next('trackPublished')).cid).toBe('mic')
  })

  test('takes over from a connection that the server thinks is there still', async () => {
    const bo = await connectSingle(server, 'bo')
    const again = await goOn('bo', bo.sid())
    await again.next('reconnect')
    expect(await bo.closed).toBe(1000)
    expect(bo.cases()).not.toContain('leave')
    await again.settled()
    expect(server.livekit.stats().participants).toBe(1)
  })

  test('hears who left meanwhile, before who is here', async () => {
    const ana = await connectSingle(server, 'ana')
    const bo = await connectSingle(server, 'bo')
    bo.cut()
    await noticed(bo)
    ana.say({ case: 'leave', value: {} as never })
    await ana.closed
    const cy = await connectSingle(server, 'cy')
    const again = await goOn('bo', bo.sid())
    await again.next('roomUpdate')
    expect(states(again)).toEqual(['ana 3', 'bo 2', 'cy 2'])
    server.clock.now += 61_000
    server.livekit.tick()
    cy.cut()
    await noticed(cy)
    const later = await goOn('cy', cy.sid())
    await later.next('roomUpdate')
    expect(states(later)).toEqual(['cy 2', 'bo 2'])
  })

  test('hears who became hidden meanwhile as of somebody who left, unless it is seen again', async () => {
    const hide = (identity: string, hidden: boolean) =>
      service().updateParticipant('hall', identity, { permission: { canSubscribe: true, hidden } })
    const bo = await connectSingle(server, 'bo')
    await connectSingle(server, 'ana')
    await connectSingle(server, 'cy')
    bo.cut()
    await noticed(bo)
    await hide('ana', true)
    await hide('cy', true)
    await hide('cy', false)
    const again = await goOn('bo', bo.sid())
    await again.next('roomUpdate')
    expect(states(again)).toEqual(['ana 3', 'bo 2', 'cy 2'])
  })

  test('is not told at length of those who left', async () => {
    const bo = await connectSingle(server, 'bo')
    const ana = await connectSingle(server, 'ana', { more: { metadata: 'long', attributes: { long: 'too' } } })
    bo.cut()
    await noticed(bo)
    ana.say({ case: 'leave', value: {} as never })
    await ana.closed
    const again = await goOn('bo', bo.sid())
    const [gone] = (await again.next('update')).participants
    expect(gone).toMatchObject({ identity: 'ana', sid: ana.sid(), state: 3, metadata: '', attributes: {} })
  })

  test('is offered anew, since it may not have got the last offer', async () => {
    const bo = await connectActive(server, 'bo', {})
    const waits = await connectSingle(server, 'ana')
    await bo.settled()
    bo.cut()
    await noticed(bo)
    addTrack(waits, { cid: 'mic', type: 0, source: 2 })
    const { track } = await waits.next('trackPublished')
    waits.offer([...spare(3, 3), section('6', 'mic', 'audio')], 2)
    await waits.next('answer', ({ id }) => id === 2)
    const again = await goOnDual('bo', bo.sid())
    const offer = await again.next('offer')
    expect(offer.midToTrackId).toEqual({ 1: track?.sid })
    expect(again.cases().slice(0, 2)).toEqual(['reconnect', 'update'])
    again.say({ case: 'answer', value: offer })
    await waits.next('trackSubscribed')
  })

  test('whose last answer was unusable is offered the same again and receives it', async () => {
    const ana = await connectSingle(server, 'ana')
    addTrack(ana, { cid: 'mic', type: 0, source: 2 })
    const { track } = await ana.next('trackPublished')
    ana.offer([...spare(3, 3), section('6', 'mic', 'audio')], 2)
    const bo = await connectActive(server, 'bo')
    const { id } = await bo.next('offer', ({ midToTrackId }) => midToTrackId[1] === track?.sid)
    bo.cut()
    await noticed(bo)
    const transport = [...engine.open].find(([, role]) => role === 'subscriber')?.[0] ?? 0
    engine.emit({ type: 'negotiationFailed', transport, offer: id, message: 'unusable' })
    const again = await goOnDual('bo', bo.sid())
    const offer = await again.next('offer')
    expect(offer.midToTrackId).toEqual({ 1: track?.sid })
    again.say({ case: 'answer', value: offer })
    await again.settled()
    expect(again.cases()).not.toContain('leave')
    expect(engine.take('acceptAnswer').at(-1)).toMatchObject({ transport, offer: offer.id })
  })

  test('is told which data came, and what it repeats reaches nobody twice', async () => {
    const bo = await connectSingle(server, 'bo')
    const ana = await connectSingle(server, 'ana')
    const [transport = 0] = engine.open.keys()
    const say = (sequence: number) => {
      const value = { case: 'user', value: new UserPacket({ payload: new Uint8Array([sequence]) }) } as const
      const payload = Buffer.from(new DataPacket({ kind: DataPacket_Kind.RELIABLE, sequence, value }).toBinary())
      engine.emit({ type: 'dataReceived', transport, reliable: true, label: '_reliable', payload })
    }
    say(1)
    say(2)
    bo.cut()
    await noticed(bo)
    const again = await goOn('bo', bo.sid())
    const { lastMessageSeq, iceServers, clientConfiguration } = await again.next('reconnect')
    expect({ lastMessageSeq, iceServers, clientConfiguration }).toEqual({ lastMessageSeq: 2, iceServers: [] })
    for (const sequence of [1, 2, 3]) say(sequence)
    expect(engine.sent.map(({ payload }) => DataPacket.fromBinary(payload).sequence)).toEqual([1, 2, 3])
    await ana.settled()
  })
})

describe('who cannot go on', () => {
  test('because another device has the place now, is sent away for good', async () => {
    const old = await connectSingle(server, 'bo')
    old.cut()
    await noticed(old)
    const now = await connectSingle(server, 'bo')
    const back = await goOn('bo', old.sid())
    expect(await back.next('leave')).toMatchObject({ reason: reasons.duplicate, action: actions.disconnect })
    expect(back.cases()).toEqual(['reconnect', 'leave'])
    await now.settled()
    expect(now.cases()).not.toContain('leave')
  })

  test('because somebody sent it away meanwhile, hears so and does not join anew', async () => {
    const bo = await connectSingle(server, 'bo')
    bo.cut()
    await noticed(bo)
    await service().removeParticipant('hall', 'bo')
    const back = await goOn('bo', bo.sid())
    expect(await back.next('leave')).toMatchObject({ reason: reasons.removed, action: actions.disconnect })
    // After a leave that comes first browsers join anew, whatever it says.
    expect(back.cases()).toEqual(['reconnect', 'leave'])
    expect(await back.closed).toBe(1000)
  })

  test('and has to join anew, keeps its place though its transports end first', async () => {
    const ana = await connectSingle(server, 'ana')
    const bo = await connectActive(server, 'bo')
    const [publisher = 0, subscriber = 0] = [...engine.open.keys()].slice(-2)
    for (const transport of [subscriber, publisher]) engine.emit({ type: 'transportClosed', transport, reason: 'lost' })
    expect(await bo.next('leave')).toMatchObject({ action: actions.reconnect })
    await ana.settled()
    expect(states(ana)).not.toContain('bo 3')
    server.clock.now += 8_000
    server.livekit.tick()
    await ana.next('update', ({ participants }) => participants.some(({ state }) => state === 3))
  })

  test('because the server has never heard of it, is told to join anew', async () => {
    const back = await goOn('ghost', 'PA_ghost')
    const { reason, action, canReconnect, regions } = await back.next('leave')
    expect({ reason, action, canReconnect, regions }).toEqual({
      reason: reasons.mismatch,
      action: actions.reconnect,
      canReconnect: true,
    })
    expect(back.cases()).toEqual(['leave'])
  })
})

describe('what the client believes', () => {
  async function publisherAndSubscriber() {
    const ana = await connectSingle(server, 'ana')
    addTrack(ana, { cid: 'cam', type: 1, source: 1 })
    const { track } = await ana.next('trackPublished')
    ana.offer([...spare(3, 3), section('6', 'cam')], 2)
    await ana.next('answer', ({ id }) => id === 2)
    const bo = await connectSingle(server, 'bo')
    await ana.next('trackSubscribed')
    return { ana, bo, sid: track?.sid ?? '' }
  }

  test('about its tracks is confirmed, or it joins anew', async () => {
    const { ana, sid } = await publisherAndSubscriber()
    const sync = (track: string) =>
      ana.say({ case: 'syncState', value: new SyncState({ publishTracks: [{ cid: 'cam', track: { sid: track } }] }) })
    sync(sid)
    await ana.settled()
    expect(ana.cases()).not.toContain('leave')
    sync('TR_other')
    expect(await ana.next('leave')).toMatchObject({ reason: reasons.mismatch, action: actions.reconnect })
  })

  test('about what it receives is made true', async () => {
    const { bo, sid } = await publisherAndSubscriber()
    const wanted = () => [...engine.wanted.values()].flat()
    engine.take('subscribe')
    bo.say({ case: 'syncState', value: new SyncState({ trackSidsDisabled: [sid, 'TR_gone', 'TR_other'] }) })
    await bo.settled()
    expect(wanted()).toMatchObject([{ track: sid, enabled: false }])
    expect(engine.take('subscribe')).toHaveLength(1)
    bo.say({ case: 'syncState', value: new SyncState({ subscription: { trackSids: [sid], subscribe: false } }) })
    await bo.settled()
    expect(wanted()).toEqual([])
  })
})

describe('mishaps that a client plays for itself', () => {
  test.each(['nodeFailure', 'migration'])(
    '%s: the line ends without a word, and nothing is known any more',
    async (kind) => {
      const ana = await connectSingle(server, 'ana')
      const bo = await connectSingle(server, 'bo')
      simulate(bo, { case: kind, value: true })
      expect(await bo.closed).toBe(1000)
      expect(bo.cases()).not.toContain('leave')
      await ana.next('update', ({ participants }) => participants.some((each) => each.state === 3))
      const again = await goOn('bo', bo.sid())
      expect(await again.next('leave')).toMatchObject({ reason: reasons.mismatch, action: actions.reconnect })
    },
  )

  test('serverLeave: the server says that it goes down', async () => {
    const bo = await connectSingle(server, 'bo')
    simulate(bo, { case: 'serverLeave', value: true })
    expect(await bo.next('leave')).toMatchObject({ reason: reasons.shutdown, action: actions.disconnect })
  })

  test('subscriberBandwidth: the engine takes its line for so narrow, and for as wide as it is', async () => {
    const bo = await connectSingle(server, 'bo')
    const assumed = () => engine.commands.flatMap((each) => (each.type === 'assumeCapacity' ? [each.bitrate] : []))
    for (const value of [100_000n, 0n, -1n, 1n << 40n]) simulate(bo, { case: 'subscriberBandwidth', value })
    await bo.settled()
    expect(assumed()).toEqual([100_000, 0, 0, 2 ** 32 - 1])
  })

  test.each([
    [
      'disconnectSignalOnResume',
      async (bo: TestClient) => {
        const again = await goOn('bo', bo.sid())
        await again.closed
        expect(again.cases().slice(0, 3)).toEqual(['reconnect', 'update', 'roomUpdate'])
      },
    ],
    // Before a word: the door stays shut, since older clients wait for ever on a socket that closes without one.
    [
      'disconnectSignalOnResumeNoMessages',
      async (bo: TestClient) => {
        const again = await goOn('bo', bo.sid())
        await expect(again.next('reconnect')).rejects.toThrow('500')
      },
    ],
  ])('%s: the next attempt to go on breaks, and the one after works', async (kind, breaks) => {
    const bo = await connectSingle(server, 'bo')
    simulate(bo, { case: kind, value: true })
    await bo.settled()
    bo.cut()
    await noticed(bo)
    await breaks(bo)
    const third = await goOn('bo', bo.sid())
    await third.next('roomUpdate')
    expect(third.cases()[0]).toBe('reconnect')
  })

  test('switchCandidateProtocol: who comes again is offered TCP alone, for five minutes or until it wants UDP', async () => {
    const opened = () => engine.take('openTransport').map(({ tcpOnly }) => tcpOnly ?? false)
    const come = async (protocol?: number) => {
      const bo = await connectSingle(server, 'bo')
      if (protocol !== undefined) simulate(bo, { case: 'switchCandidateProtocol', value: protocol })
      await bo.settled()
      return bo
    }
    const bo = await come(2)
    await connectSingle(server, 'ana')
    await come(1)
    expect(opened()).toEqual([false, false, false])
    expect(bo.cases()).not.toContain('reconnect')
    await come()
    await connectSingle(server, 'cho')
    expect(opened()).toEqual([true, false])
    await come(0)
    await come(1)
    server.clock.now += 5 * 60_000
    await come()
    expect(opened()).toEqual([true, false, false])
  })

  test('leaveRequestFullReconnect: the client goes around by itself', async () => {
    const bo = await connectSingle(server, 'bo')
    simulate(bo, { case: 'leaveRequestFullReconnect', value: true })
    await bo.settled()
    expect(bo.cases().slice(-2)).toEqual(['pong', 'pong'])
  })
})
