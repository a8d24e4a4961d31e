/** Signalling by clients that are broken, or mean harm: it costs them their connection at most, and nobody else anything. */
import {
  AddTrackRequest,
  MuteTrackRequest,
  SessionDescription,
  SignalRequest,
  SimulateScenario,
  SimulcastCodec,
  SubscriptionPermission,
  SyncState,
  TrackPublishedResponse,
  UpdateLocalAudioTrack,
  UpdateLocalVideoTrack,
  UpdateParticipantMetadata,
  UpdateSubscription,
  UpdateTrackSettings,
  VideoLayer,
} from '@livekit/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decodeRequest, type SignalAsk } from '../src/livekit/signal-codec.ts'
import { addTrack, connect, connectActive, connectSingle } from './livekit-client.ts'
import { startTestServer, type TestServer } from './livekit-server.ts'
import { createSimulatedEngine, type SimulatedEngine, section } from './livekit-simulated-engine.ts'
import { seeded } from './seeded.ts'

const mismatch = { reason: 6, action: 0 }
const MOST = 2 ** 32 - 1
/** A value of an enumeration that nobody knows. */
const odd = (value: number) => value as never

let engine: SimulatedEngine
let server: TestServer
beforeEach(async () => {
  engine = createSimulatedEngine()
  server = await startTestServer(engine)
})
afterEach(() => server.close())

const encode = (message: SignalAsk) => new SignalRequest({ message }).toBinary()

test('half a request ends the connection, wherever it breaks off', async () => {
  const ana = await connectActive(server, 'ana')
  const whole = encode({
    case: 'addTrack',
    value: new AddTrackRequest({ cid: 'cam', type: 1, source: 1, name: 'cam' }),
  })
  for (let length = 1; length < whole.length; length += 1) {
    const bo = await connect(server, 'bo')
    bo.sayBytes(whole.subarray(0, length))
    expect(await bo.next('leave')).toMatchObject(mismatch)
    expect(bo.cases()).not.toContain('trackPublished')
  }
  await ana.settled()
})

test('fields that this server does not know are passed over, the rest of the request counts', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  addTrack(ana, { cid: 'mic', type: 0, source: 2 })
  const { track } = await ana.next('trackPublished')
  ana.offer([section('1', 'mic', 'audio')])
  await bo.next('update', ({ participants }) => participants[0]?.tracks.length === 1)
  const inner = new MuteTrackRequest({ sid: track?.sid ?? '', muted: true }).toBinary()
  // Field 900 with a text, inside the request and beside it; 5 is `mute`.
  const unknown = [0xa2, 0x38, 0x02, 0x68, 0x69]
  ana.sayBytes(Uint8Array.from([0x2a, inner.length + unknown.length, ...inner, ...unknown, ...unknown]))
  await bo.next('update', ({ participants }) => participants[0]?.tracks[0]?.muted === true)
  await ana.settled()
  expect(ana.cases()).not.toContain('leave')
})

test('an answer where only the client offers ends the connection', async () => {
  const ana = await connectSingle(server, 'ana')
  ana.say({ case: 'answer', value: new SessionDescription({ type: 'answer', sdp: '[]', id: 1 }) })
  expect(await ana.next('leave')).toMatchObject(mismatch)
  expect(await ana.closed).toBe(1000)
})

test('a frame that nobody would read whole ends the socket, and its sender can go on', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  bo.sayBytes(new Uint8Array(4 * 1024 * 1024 + 1))
  expect(await bo.closed).toBe(1009)
  await ana.settled()
  expect(server.livekit.stats().participants).toBe(2)
  await connectActive(server, 'bo')
})

test('what is said after the end is not heard', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  bo.sayBytes(new Uint8Array([0xff]))
  addTrack(bo, { cid: 'mic', type: 0, source: 2 })
  bo.offer([section('1', 'mic', 'audio')])
  expect(await bo.next('leave')).toMatchObject(mismatch)
  await bo.closed
  await ana.settled()
  expect([bo.cases().includes('trackPublished'), engine.published.size]).toEqual([false, 0])
})

/** One of everything that a client can say about its own track `sid`, in the extremes that the wire has. */
function everything(sid: string): SignalAsk[] {
  const layers = [
    new VideoLayer({ quality: odd(-1), width: MOST, height: MOST, bitrate: MOST, spatialLayer: -5, rid: 'q' }),
  ]
  const codec = new SimulcastCodec({ codec: 'vp9', cid: 'x', layers, videoLayerMode: odd(77) })
  const track = { cid: 'c', type: 1, source: odd(99), width: MOST, height: MOST, layers, simulcastCodecs: [codec] }
  return [
    { case: 'addTrack', value: new AddTrackRequest(track) },
    {
      case: 'addTrack',
      value: new AddTrackRequest({ ...track, sid, encryption: odd(99), backupCodecPolicy: odd(-3) }),
    },
    { case: 'addTrack', value: new AddTrackRequest({ type: odd(99) }) },
    { case: 'mute', value: new MuteTrackRequest({ sid, muted: true }) },
    { case: 'subscription', value: new UpdateSubscription({ trackSids: [sid, ''], subscribe: true }) },
    {
      case: 'trackSetting',
      value: new UpdateTrackSettings({
        trackSids: [sid],
        quality: odd(-7),
        width: MOST,
        height: 1,
        fps: MOST,
        priority: MOST,
      }),
    },
    {
      case: 'subscriptionPermission',
      value: new SubscriptionPermission({ trackPermissions: [{ participantIdentity: 'bo', trackSids: [sid] }] }),
    },
    { case: 'subscriptionPermission', value: new SubscriptionPermission({ allParticipants: true }) },
    {
      case: 'syncState',
      value: new SyncState({
        subscription: new UpdateSubscription({ trackSids: [sid] }),
        publishTracks: [new TrackPublishedResponse({ cid: 'c', track: { sid } })],
        trackSidsDisabled: [sid],
      }),
    },
    { case: 'simulate', value: new SimulateScenario({ scenario: { case: 'speakerUpdate', value: -1 } }) },
    {
      case: 'simulate',
      value: new SimulateScenario({ scenario: { case: 'subscriberBandwidth', value: 2n ** 63n - 1n } }),
    },
    {
      case: 'updateMetadata',
      value: new UpdateParticipantMetadata({ attributes: { __proto__x: '1', constructor: '' } }),
    },
    { case: 'updateAudioTrack', value: new UpdateLocalAudioTrack({ trackSid: sid, features: [0, odd(99), odd(-1)] }) },
    { case: 'updateVideoTrack', value: new UpdateLocalVideoTrack({ trackSid: sid, width: MOST, height: MOST }) },
    { case: 'offer', value: new SessionDescription({ type: 'pranswer', sdp: '[]', id: MOST }) },
    { case: 'answer', value: new SessionDescription({ sdp: '[]', id: MOST }) },
  ]
}

/** Some bytes become others, go, or come twice. */
function spoil(bytes: Uint8Array, chance: () => number): Uint8Array {
  const spoilt = [...bytes]
  for (let left = 1 + Math.floor(chance() * 4); left > 0; left -= 1) {
    const at = Math.floor(chance() * spoilt.length)
    const how = chance()
    if (how < 0.6) spoilt[at] = Math.floor(chance() * 256)
    else if (how < 0.8) spoilt.splice(at, 1 + Math.floor(chance() * 3))
    else spoilt.splice(at, 0, ...spoilt.slice(at, at + 4))
  }
  return Uint8Array.from(spoilt)
}

/** Every number that the engine is handed is one of 32 bits without a sign. */
function expectNumbersOfEngine(value: unknown): void {
  if (value instanceof Uint8Array) return
  if (typeof value === 'number') expect(Number.isInteger(value) && value >= 0 && value <= MOST, `${value}`).toBe(true)
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectNumbersOfEngine)
}

test.each([1, 2, 3, 4])('whatever is said disturbs nobody else: seed %i', async (seed) => {
  const chance = seeded(seed)
  const ana = await connectActive(server, 'ana')
  addTrack(ana, { cid: 'cam', type: 1, source: 1 })
  const { track } = await ana.next('trackPublished')
  ana.offer([section('1', 'cam')])
  await ana.next('answer')
  const sid = track?.sid ?? ''
  for (let round = 0; round < 12; round += 1) {
    const bo = await connectActive(server, 'bo')
    addTrack(bo, { cid: 'own', type: 1, source: 1 })
    const own = (await bo.next('trackPublished')).track?.sid ?? ''
    const asks = everything(chance() < 0.5 ? sid : own)
    for (let said = 0; said < 100; said += 1) {
      const whole = encode(asks[Math.floor(chance() * asks.length)] as SignalAsk)
      const frame = chance() < 0.3 ? whole : spoil(whole, chance)
      // What is no request ends everything, so it comes last.
      if (decodeRequest(frame)) bo.sayBytes(frame)
    }
    bo.sayBytes(new Uint8Array([0xff]))
    await bo.closed
    await ana.settled()
  }
  expect(server.livekit.stats().tracks).toBeGreaterThan(0)
  expect(ana.cases()).not.toContain('leave')
  expect(server.logged.filter(({ level }) => level !== 'debug')).toEqual([])
  expectNumbersOfEngine(engine.commands)
})
