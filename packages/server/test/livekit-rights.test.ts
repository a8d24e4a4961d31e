/** What a token allows, at the door and in the call, and how it changes while somebody is in. */
import {
  DataPacket,
  LeaveRequest,
  MetricsBatch,
  UpdateParticipantMetadata,
  UpdateSubscription,
  UserPacket,
} from '@livekit/protocol'
import { RoomServiceClient } from 'livekit-server-sdk'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addTrack, connect, connectActive, type TestClient } from './livekit-client.ts'
import { keys, startTestServer, type TestServer } from './livekit-server.ts'
import { createSimulatedEngine, type SimulatedEngine, section } from './livekit-simulated-engine.ts'

let engine: SimulatedEngine
let server: TestServer
let service: RoomServiceClient
beforeEach(async () => {
  engine = createSimulatedEngine()
  server = await startTestServer(engine)
  service = new RoomServiceClient(`http://${server.host}`, keys.apiKey, keys.apiSecret)
})
afterEach(() => server.close())

const all = { canPublish: true, canSubscribe: true, canPublishData: true }
const permit = (identity: string, permission: object) => service.updateParticipant('hall', identity, { permission })

async function publish(client: TestClient, cid: string, source: number, mid: string) {
  const audio = source === 2 || source === 4
  addTrack(client, { cid, type: audio ? 0 : 1, source })
  const { track } = await client.next('trackPublished')
  return { sid: track?.sid ?? '', section: section(mid, cid, audio ? 'audio' : 'video') }
}

/** What the other has last heard of a participant; undefined where it was never told, or that it has gone. */
function seen(client: TestClient, identity: string) {
  const [join] = client.heard
  const before = join?.case === 'join' ? join.value.otherParticipants : []
  const updates = client.heard.flatMap((each) => (each.case === 'update' ? each.value.participants : []))
  const last = [...before, ...updates].filter((each) => each.identity === identity).at(-1)
  return last?.state === 3 ? undefined : last
}

describe('publishing', () => {
  const sources = [0, 1, 2, 3, 4]
  test.each<[string, object, number[]]>([
    ['nothing said', {}, sources],
    ['canPublish', { canPublish: true }, sources],
    ['canPublish: false', { canPublish: false }, []],
    ['some sources', { canPublishSources: ['camera', 'screen_share_audio'] }, [1, 4]],
    ['no source in the list', { canPublishSources: [] }, sources],
    ['sources without the right itself', { canPublish: false, canPublishSources: ['camera'] }, []],
    ['a source nobody knows', { canPublishSources: ['hologram'] }, []],
  ])('with %s', async (_what, grant, allowed) => {
    const ana = await connectActive(server, 'ana', { grant })
    const accepted: number[] = []
    for (const source of sources) {
      addTrack(ana, { cid: `c${source}`, type: source === 2 || source === 4 ? 0 : 1, source })
      await ana.settled()
      const last = ana.heard.filter((each) => each.case === 'trackPublished' || each.case === 'requestResponse').at(-1)
      if (last?.case === 'trackPublished') accepted.push(source)
      else expect(last?.case === 'requestResponse' && last.value.reason).toBe(2)
    }
    expect(accepted).toEqual(allowed)
  })

  test('sources taken away end those tracks alone, at once, and requests that wait', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    const camera = await publish(ana, 'cam', 1, '1')
    const microphone = await publish(ana, 'mic', 2, '2')
    ana.offer([camera.section, microphone.section])
    await bo.next('update', ({ participants }) => participants[0]?.tracks.length === 2)
    const screen = await publish(ana, 'screen', 3, '3')
    const info = await permit('ana', { ...all, canPublishSources: [2] })
    expect(info.tracks.map(({ sid }) => sid)).toEqual([microphone.sid])
    expect(await ana.next('trackUnpublished')).toMatchObject({ trackSid: camera.sid })
    await bo.settled()
    expect(seen(bo, 'ana')?.tracks.map(({ sid }) => sid)).toEqual([microphone.sid])
    ana.offer([camera.section, microphone.section, screen.section], 2)
    await ana.settled()
    expect([...engine.published.keys()]).toEqual([microphone.sid])
    await permit('ana', all)
    await publish(ana, 'screen', 3, '3')
    ana.offer([camera.section, microphone.section, screen.section], 3)
    await ana.settled()
    expect(engine.published.size).toBe(2)
  })
})

describe('subscribing', () => {
  test('ends with the right to it, and begins again with it', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    const { sid, section } = await publish(ana, 'cam', 1, '1')
    ana.offer([section])
    await bo.next('offer', ({ midToTrackId }) => midToTrackId[1] === sid)
    await permit('bo', { ...all, canSubscribe: false })
    await bo.settled()
    expect(engine.wanted.get(4)).toEqual([])
    expect(seen(bo, 'ana')?.tracks.length).toBe(1)
    await permit('bo', all)
    await bo.settled()
    expect(engine.wanted.get(4)?.map(({ track }) => track)).toEqual([sid])
  })

  test('without the right nothing comes, whatever is asked', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connect(server, 'bo', { grant: { canSubscribe: false } })
    const { sid, section } = await publish(ana, 'cam', 1, '1')
    ana.offer([section])
    await bo.next('update', ({ participants }) => participants[0]?.tracks.length === 1)
    await service.updateSubscriptions('hall', 'bo', [sid], true)
    bo.say({ case: 'subscription', value: new UpdateSubscription({ trackSids: [sid], subscribe: true }) })
    await bo.settled()
    expect([...engine.wanted.values()].flat()).toEqual([])
    await permit('bo', all)
    await bo.settled()
    expect([...engine.wanted.values()].flat().map(({ track }) => track)).toEqual([sid])
  })
})

test('data is passed on with the right to it, as it is at the moment', async () => {
  await connectActive(server, 'ana')
  await connectActive(server, 'bo')
  const [transport = 0] = engine.open.keys()
  const payload = Buffer.from(
    new DataPacket({ value: { case: 'user', value: new UserPacket({ topic: 't' }) } }).toBinary(),
  )
  const send = () => engine.emit({ type: 'dataReceived', transport, reliable: true, label: '_reliable', payload })
  const passed: number[] = []
  for (const canPublishData of [true, false, true]) {
    await permit('ana', { ...all, canPublishData })
    send()
    passed.push(engine.sent.length)
  }
  expect(passed).toEqual([1, 1, 2])
})

test('metrics go to who has the right to them, as it is at the moment', async () => {
  await connectActive(server, 'ana')
  await connectActive(server, 'bo')
  const [ana = 0, , , bo = 0] = engine.open.keys()
  const payload = Buffer.from(new DataPacket({ value: { case: 'metrics', value: new MetricsBatch() } }).toBinary())
  const heard: number[][] = []
  for (const canSubscribeMetrics of [false, true, false]) {
    await permit('bo', { ...all, canSubscribeMetrics })
    const before = engine.sent.length
    engine.emit({ type: 'dataReceived', transport: ana, reliable: true, label: '_reliable', payload })
    heard.push(engine.sent.slice(before).flatMap(({ transports }) => transports))
  }
  expect(heard).toEqual([[], [bo], []])
})

test('what one says about oneself counts with the right to it, as it is at the moment', async () => {
  const ana = await connectActive(server, 'ana', { grant: { canUpdateOwnMetadata: false } })
  const outcomes: (number | undefined)[] = []
  for (const [round, canUpdateMetadata] of [false, true, false].entries()) {
    await permit('ana', { ...all, canUpdateMetadata })
    const value = new UpdateParticipantMetadata({ metadata: `m${round}`, requestId: round + 1 })
    ana.say({ case: 'updateMetadata', value })
    outcomes.push((await ana.next('requestResponse', ({ requestId }) => requestId === round + 1)).reason)
  }
  expect(outcomes).toEqual([2, 0, 2])
  expect(await service.getParticipant('hall', 'ana')).toMatchObject({ metadata: 'm1' })
})

describe('changes', () => {
  test('everybody and the participant itself are told, and the next token has them', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    await ana.settled()
    const tokens = ana.heard.filter((each) => each.case === 'refreshToken').length
    const permission = { ...all, canPublish: false, canSubscribeMetrics: true, canManageAgentSession: true }
    expect(await permit('ana', permission)).toMatchObject({ permission: { ...permission, canUpdateMetadata: false } })
    for (const client of [ana, bo]) {
      await client.settled()
      expect(seen(client, 'ana')?.permission).toMatchObject(permission)
    }
    const given = ana.heard.flatMap((each) => (each.case === 'refreshToken' ? [each.value] : []))
    expect(given.length).toBe(tokens + 1)
    const claims = JSON.parse(Buffer.from(given.at(-1)?.split('.')[1] ?? '', 'base64url').toString())
    expect(claims.video).toMatchObject({ ...permission, canUpdateOwnMetadata: false, roomJoin: true, room: 'hall' })
    ana.say({ case: 'updateMetadata', value: new UpdateParticipantMetadata({ name: 'Anna', requestId: 3 }) })
    expect(await ana.next('requestResponse')).toMatchObject({ requestId: 3, reason: 2 })
  })

  test('a recorder is told to everybody while it is there, hidden or not', async () => {
    const ana = await connectActive(server, 'ana')
    const recorder = await connectActive(server, 'rec', { grant: { recorder: true, hidden: true } })
    await ana.next('roomUpdate', ({ room }) => room?.activeRecording === true)
    expect((await service.listRooms())[0]).toMatchObject({ activeRecording: true, numParticipants: 1 })
    recorder.say({ case: 'leave', value: new LeaveRequest() })
    await ana.next('roomUpdate', ({ room }) => room?.activeRecording === false)
    await permit('ana', { ...all, recorder: true })
    await ana.next('roomUpdate', ({ room }) => room?.activeRecording === true)
  })
})

describe('who is hidden', () => {
  test('is seen by nobody in the call, and by who holds the API key', async () => {
    const ana = await connectActive(server, 'ana')
    const spy = await connectActive(server, 'spy', { grant: { hidden: true } })
    const { section } = await publish(spy, 'mic', 2, '1')
    spy.offer([section])
    await spy.settled()
    engine.emit({ type: 'audioLevels', levels: [...engine.published.keys()].map((track) => ({ track, level: 1 })) })
    server.clock.now += 6_000
    server.livekit.tick()
    const bo = await connectActive(server, 'bo')
    for (const client of [ana, bo]) {
      await client.settled()
      expect(seen(client, 'spy')).toBeUndefined()
      expect(JSON.stringify(client.heard, (_key, value) => String(value?.sid ?? value))).not.toContain(spy.sid())
    }
    expect([...engine.wanted.values()].flat()).toEqual([])
    expect(server.events.filter((event) => event.type === 'callChanged').at(-1)?.people).toEqual([
      { identity: 'ana', name: 'ana' },
      { identity: 'bo', name: 'bo' },
    ])
    expect((await service.listParticipants('hall')).map(({ identity }) => identity)).toEqual(['ana', 'spy', 'bo'])
    expect((await service.getParticipant('hall', 'spy')).permission?.hidden).toBe(true)
    expect((await service.listRooms())[0]).toMatchObject({ numParticipants: 2, numPublishers: 0 })
  })

  test('receives unnoticed: the publisher hears of the first receiver that it may know of', async () => {
    const ana = await connectActive(server, 'ana')
    const spy = await connectActive(server, 'spy', { grant: { hidden: true } })
    const { sid, section } = await publish(ana, 'cam', 1, '1')
    ana.offer([section])
    await spy.next('offer', ({ midToTrackId }) => midToTrackId[1] === sid)
    await spy.settled()
    await ana.settled()
    expect(ana.cases()).not.toContain('trackSubscribed')
    await connectActive(server, 'bo')
    await ana.next('trackSubscribed')
  })

  test('comes to light with its tracks, and goes again, as if it had come and gone', async () => {
    const ana = await connectActive(server, 'ana')
    const spy = await connectActive(server, 'spy', { grant: { hidden: true } })
    const { sid, section } = await publish(spy, 'cam', 1, '1')
    spy.offer([section])
    await spy.settled()
    await permit('spy', all)
    await ana.settled()
    expect(seen(ana, 'spy')).toMatchObject({ state: 2, tracks: [{ sid }] })
    expect(engine.wanted.get(2)?.map(({ track }) => track)).toEqual([sid])
    await permit('spy', { ...all, hidden: true })
    await ana.settled()
    expect(seen(ana, 'spy')).toBeUndefined()
    expect(engine.wanted.get(2)).toEqual([])
    await permit('spy', all)
    await ana.settled()
    expect(seen(ana, 'spy')?.tracks.map((track) => track.sid)).toEqual([sid])
    expect(engine.wanted.get(2)?.map(({ track }) => track)).toEqual([sid])
    const versions = ana.heard.flatMap((each) =>
      each.case === 'update'
        ? each.value.participants.flatMap((it) => (it.identity === 'spy' ? [it.version] : []))
        : [],
    )
    expect(versions).toEqual([...versions].sort((a, b) => a - b))
  })
})
