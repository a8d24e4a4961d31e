/**
 * Unmodified native clients and the real media engine: a tone and a picture go from one to the other, data both ways.
 * Needs the addon built; says so when it is not.
 */
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  dispose,
  LocalAudioTrack,
  LocalVideoTrack,
  type RemoteParticipant,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
  VideoStream,
} from '@livekit/rtc-node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startNativeEngine } from '../src/media/native-engine.ts'
import { startTestServer, type TestServer, tokenFor } from './livekit-server.ts'

const file = new URL('../../../crates/engine-node/engine.node', import.meta.url).pathname
const width = 320
const height = 180
const rate = 48_000
const brightness = 200
const patience = { timeout: 60_000, interval: 50 }

let server: TestServer
const rooms: Room[] = []
const timers: NodeJS.Timeout[] = []
/** Every offer and answer that the engine made. */
const descriptions: string[] = []
beforeAll(async () => {
  const engine = startNativeEngine({ file, port: 0, addresses: ['127.0.0.1'] })
  const onEvents: typeof engine.onEvents = (listener) =>
    engine.onEvents((events) => {
      for (const event of events) if ('sdp' in event) descriptions.push(event.sdp)
      listener(events)
    })
  server = await startTestServer({ ...engine, onEvents }, { realTime: true })
})
afterAll(async () => {
  for (const timer of timers) clearInterval(timer)
  for (const room of rooms) await room.disconnect()
  await server.close()
  // Its threads would go on and call into a process that ends.
  await dispose()
})

async function enter(identity: string): Promise<Room> {
  const room = new Room()
  rooms.push(room)
  await room.connect(`ws://${server.host}`, await tokenFor(identity), { autoSubscribe: true, dynacast: false })
  return room
}

function own(room: Room) {
  if (!room.localParticipant) throw new Error('not connected')
  return room.localParticipant
}

async function publishPictureAndTone(room: Room): Promise<void> {
  const video = new VideoSource(width, height)
  const audio = new AudioSource(rate, 1)
  const as = (source: TrackSource) => Object.assign(new TrackPublishOptions(), { source })
  await own(room).publishTrack(LocalVideoTrack.createVideoTrack('cam', video), as(TrackSource.SOURCE_CAMERA))
  await own(room).publishTrack(LocalAudioTrack.createAudioTrack('mic', audio), as(TrackSource.SOURCE_MICROPHONE))
  const picture = new Uint8Array((width * height * 3) / 2).fill(128).fill(brightness, 0, width * height)
  timers.push(setInterval(() => video.captureFrame(new VideoFrame(picture, width, height, VideoBufferType.I420)), 66))
  let sample = 0
  const tone = () =>
    Int16Array.from({ length: rate / 50 }, () => 8_000 * Math.sin((2 * Math.PI * 440 * sample++) / rate))
  timers.push(setInterval(() => void audio.captureFrame(new AudioFrame(tone(), rate, 1, rate / 50)), 20))
}

/** What arrives at a client of everything it is sent. */
function watch(room: Room) {
  const seen = { frames: 0, brightness: 0, energy: 0, from: new Set<string>() }
  room.on(RoomEvent.TrackSubscribed, (track: RemoteTrack, _publication: unknown, sender: RemoteParticipant) => {
    seen.from.add(sender.identity)
    if (track.kind === TrackKind.KIND_VIDEO) void watchPicture(track)
    else void listen(track)
  })
  async function watchPicture(track: RemoteTrack): Promise<void> {
    for await (const { frame } of new VideoStream(track)) {
      seen.frames += 1
      seen.brightness = frame.data[0] ?? 0
    }
  }
  async function listen(track: RemoteTrack): Promise<void> {
    for await (const frame of new AudioStream(track)) for (const each of frame.data) seen.energy += Math.abs(each)
  }
  return seen
}

test('a picture and a tone arrive, before and after joining, and data goes both ways', async () => {
  const ana = await enter('ana')
  const bo = await enter('bo')
  const atBo = watch(bo)
  await publishPictureAndTone(ana)
  await vi.waitFor(() => expect(atBo.frames).toBeGreaterThan(10), patience)
  await vi.waitFor(() => expect(atBo.energy).toBeGreaterThan(10_000_000), patience)
  expect(Math.abs(atBo.brightness - brightness)).toBeLessThan(8)

  const cy = new Room()
  rooms.push(cy)
  const atCy = watch(cy)
  await cy.connect(`ws://${server.host}`, await tokenFor('cy'), { autoSubscribe: true, dynacast: false })
  await vi.waitFor(() => expect(atCy.frames).toBeGreaterThan(5), patience)
  expect([...atCy.from]).toEqual(['ana'])

  const got: string[] = []
  for (const [name, room] of Object.entries({ ana, bo, cy })) {
    room.on(RoomEvent.DataReceived, (payload, sender, _kind, topic) => {
      got.push(`${name} from ${sender?.identity}: ${topic} ${new TextDecoder().decode(payload)}`)
    })
  }
  const text = (value: string) => new TextEncoder().encode(value)
  await own(ana).publishData(text('hello'), { reliable: true, topic: 'all' })
  await own(bo).publishData(text('back'), { reliable: true, topic: 'one', destination_identities: ['ana'] })
  const expected = ['ana from bo: one back', 'bo from ana: all hello', 'cy from ana: all hello']
  await vi.waitFor(() => expect([...got].sort()).toEqual(expected), patience)

  await own(ana).updateMetadata('in the hall')
  await vi.waitFor(() => expect(bo.remoteParticipants.get('ana')?.metadata).toBe('in the hall'), patience)
  expect(server.livekit.stats()).toEqual({ rooms: 1, participants: 3, tracks: 2 })

  await bo.disconnect()
  await vi.waitFor(() => expect([...ana.remoteParticipants.keys()]).toEqual(['cy']), patience)
  expect(server.logged.filter(({ level }) => level === 'error')).toEqual([])

  // A description or a candidate that they cannot read ends the whole process of native clients.
  expect(descriptions.length).toBeGreaterThan(4)
  for (const sdp of descriptions) {
    expect(sdp).toMatch(/^v=0\r\n(?:[a-z]=[^\r\n]+\r\n)+$/)
    const [, ...sections] = sdp.split(/^(?=m=)/m)
    for (const section of sections) {
      for (const name of ['mid', 'ice-ufrag', 'ice-pwd', 'fingerprint', 'setup']) {
        expect(section.match(new RegExp(`^a=${name}:\\S+`, 'gm'))).toHaveLength(1)
      }
    }
    const candidates = sdp.match(/^a=candidate.*$/gm) ?? []
    expect(candidates.length).toBeGreaterThan(0)
    for (const line of candidates) expect(line).toMatch(/^a=candidate:\w+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host/)
  }
})
