import {
  AudioFrame,
  AudioSource,
  AudioStream,
  dispose,
  LocalAudioTrack,
  LocalVideoTrack,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
} from '@livekit/rtc-node'
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk'
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { openContext } from './stage/browsers.ts'
import { arrive, type Person, smallCamera } from './stage/person.ts'
import { servePlainPage } from './stage/plain-page.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const room = 'robots'
const width = 320
const height = 180
const rate = 48_000
/** Y, U and V of the picture the robot shows: a strong orange. */
const orange = { y: 150, u: 50, v: 190 }

const stage = setStage('server', 'chromium')
let robot: Room
let isOver = false
const timers: NodeJS.Timeout[] = []
afterAll(async () => {
  isOver = true
  for (const timer of timers) clearInterval(timer)
  await robot?.disconnect()
  await dispose()
}, 60_000)

async function tokenFor(identity: string): Promise<string> {
  const { apiKey, apiSecret } = stage.server.keys()
  const token = new AccessToken(apiKey, apiSecret, { identity, name: 'Robot' })
  token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true })
  return token.toJwt()
}

async function publishPictureAndTone(): Promise<void> {
  const me = robot.localParticipant
  if (!me) throw new Error('the robot is not in the room')
  const video = new VideoSource(width, height)
  const audio = new AudioSource(rate, 1)
  const as = (source: TrackSource) => Object.assign(new TrackPublishOptions(), { source })
  await me.publishTrack(LocalVideoTrack.createVideoTrack('cam', video), as(TrackSource.SOURCE_CAMERA))
  await me.publishTrack(LocalAudioTrack.createAudioTrack('mic', audio), as(TrackSource.SOURCE_MICROPHONE))
  const luma = width * height
  const picture = new Uint8Array(luma * 1.5)
    .fill(orange.v)
    .fill(orange.u, luma, luma * 1.25)
    .fill(orange.y, 0, luma)
  timers.push(setInterval(() => video.captureFrame(new VideoFrame(picture, width, height, VideoBufferType.I420)), 66))
  let sample = 0
  const tone = () =>
    Int16Array.from({ length: rate / 50 }, () => 8000 * Math.sin((2 * Math.PI * 440 * sample++) / rate))
  // The source takes what it has room for, and refuses more.
  const sing = async () => {
    while (!isOver) await audio.captureFrame(new AudioFrame(tone(), rate, 1, rate / 50))
  }
  void sing()
}

/** The colour in the middle of somebody's tile. */
function colourOf(page: Page, name: string): Promise<number[]> {
  return page.getByRole('listitem', { name: new RegExp(`^${name}`) }).evaluate((tile) => {
    const video = tile.querySelector('video')
    if (!video?.videoWidth) return []
    const canvas = new OffscreenCanvas(1, 1)
    const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D
    context.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1)
    return [...context.getImageData(0, 0, 1, 1).data]
  })
}

test('an unmodified native client and a browser see, hear and write each other; the server SDK rules', {
  timeout: 300_000,
}, async () => {
  let heard = 0
  const written: string[] = []
  robot = new Room()
  robot.on(RoomEvent.TrackSubscribed, (track: RemoteTrack) => {
    if (track.kind !== TrackKind.KIND_AUDIO) return
    void (async () => {
      for await (const frame of new AudioStream(track)) for (const each of frame.data) heard += Math.abs(each)
    })()
  })
  robot.on(RoomEvent.DataReceived, (payload) => written.push(new TextDecoder().decode(payload)))
  await robot.connect(stage.server.url.replace('http', 'ws'), await tokenFor('robot'), {
    autoSubscribe: true,
    dynacast: false,
  })
  await publishPictureAndTone()

  const ana: Person = await arrive(stage.chromium, { url: stage.server.url, room, name: 'Ana', camera: smallCamera })
  await ana.join()
  const [red = 0, green = 0, blue = 0] = await until(
    'the robot being orange',
    () => colourOf(ana.page, 'Robot'),
    ([r = 0, g = 0, b = 0]) => r > 180 && g > 80 && g < 180 && b < 90,
  )
  console.log(`the robot's picture arrived as rgb(${red}, ${green}, ${blue})`)
  await until('the tone', ana.hears, ({ audios }) => audios.some(({ energy }) => energy > 0.05))
  await until(
    'the browser being heard',
    async () => heard,
    (sum) => sum > 1_000_000,
  )

  // Data both ways, with a page that uses livekit-client as it comes.
  const page = await (await openContext(stage.chromium)).newPage()
  const plain = await servePlainPage()
  await page.goto(plain.url)
  await page.addScriptTag({ path: 'node_modules/livekit-client/dist/livekit-client.umd.js' })
  await page.evaluate(
    async ([url, token]) => {
      const { Room } = (window as unknown as { LivekitClient: { Room: new () => PlainRoom } }).LivekitClient
      const scope = window as unknown as { room: PlainRoom; got: string[] }
      scope.room = new Room()
      scope.got = []
      scope.room.on('dataReceived', (payload) => scope.got.push(new TextDecoder().decode(payload)))
      await scope.room.connect(url, token)
      await scope.room.localParticipant.publishData(new TextEncoder().encode('from the page'), { reliable: true })
    },
    [stage.server.url.replace('http', 'ws'), await tokenFor('page')] as const,
  )
  await until(
    'data at the robot',
    async () => written,
    (all) => all.includes('from the page'),
  )
  await robot.localParticipant?.publishData(new TextEncoder().encode('from the robot'), { reliable: true })
  const got = () => page.evaluate(() => (window as unknown as { got: string[] }).got)
  await until('data at the page', got, (all) => all.includes('from the robot'))

  plain.close()

  const { apiKey, apiSecret } = stage.server.keys()
  const service = new RoomServiceClient(stage.server.url, apiKey, apiSecret)
  expect((await service.listRooms()).map(({ name }) => name)).toEqual([room])
  expect((await service.listParticipants(room)).map(({ name }) => name).sort()).toEqual(['Ana', 'Robot', 'Robot'])
  const microphone = (await service.getParticipant(room, 'robot')).tracks.find(({ name }) => name === 'mic')
  await service.mutePublishedTrack(room, 'robot', microphone?.sid ?? '', true)
  await ana.page.getByRole('listitem', { name: /^Robot, muted/ }).waitFor()
  await service.removeParticipant(room, 'robot')
  await until(
    'the robot being gone',
    () => service.listParticipants(room),
    (all) => all.every(({ identity }) => identity !== 'robot'),
  )
  await ana.photograph('after-the-robot')
})

interface PlainRoom {
  on(event: 'dataReceived', listener: (payload: Uint8Array) => void): void
  connect(url: string, token: string): Promise<void>
  localParticipant: { publishData(payload: Uint8Array, options: { reliable: boolean }): Promise<void> }
}
