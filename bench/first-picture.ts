// Publish click to first remote frame, and join to first frame, with unmodified livekit-client in Chromium, beside a direct pair of peer
// connections between the same two pages in the same run (signalled by a BroadcastChannel with trickled candidates: the fastest pair there is).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AccessToken } from 'livekit-server-sdk'
import type { Page } from 'playwright-core'
import { openChromium } from '../e2e/stage/browsers.ts'
import { servePlainPage } from '../e2e/stage/plain-page.ts'
import { startServer } from '../e2e/stage/server.ts'

const rounds = Number(process.argv[2] ?? 7)
const script = readFileSync(
  join(import.meta.dirname, '../node_modules/livekit-client/dist/livekit-client.umd.js'),
  'utf8',
)
const server = await startServer()
const plain = await servePlainPage()
const { apiKey, apiSecret } = server.keys()
const browser = await openChromium()
const context = await browser.newContext()
const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

async function openPage(): Promise<Page> {
  const page = await context.newPage()
  await page.goto(plain.url)
  await page.addScriptTag({ content: script })
  await page.addScriptTag({ content: `(${pageSide.toString()})()` })
  return page
}

/** What the rounds below read and call in the page. */
interface BenchPage {
  [name: string]: unknown
  LivekitClient: { Room: new (options: object) => LiveRoom }
  room: LiveRoom
  track: MediaStreamTrack
}
interface LiveRoom {
  on(event: 'trackSubscribed', listener: (track: { mediaStreamTrack: MediaStreamTrack }) => void): void
  connect(url: string, token: string): Promise<void>
  disconnect(stopTracks: boolean): Promise<void>
  localParticipant: { publishTrack(track: MediaStreamTrack, options: object): Promise<unknown> }
}

/** Runs in the page: everything the rounds below call. */
function pageSide() {
  const scope = window as unknown as BenchPage
  const video = document.getElementById('v') as HTMLVideoElement
  const now = () => performance.timeOrigin + performance.now()
  const firstFrame = (stream: MediaStream) =>
    new Promise<number>((resolve) => {
      video.srcObject = stream
      video.requestVideoFrameCallback(() => resolve(now()))
    })
  scope.camera = async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 30 } })
    scope.track = stream.getVideoTracks()[0] as MediaStreamTrack
  }
  scope.connect = async (url: string, token: string) => {
    const from = now()
    const room = new scope.LivekitClient.Room({ singlePeerConnection: false })
    scope.room = room
    scope.frame = new Promise((resolve) =>
      room.on('trackSubscribed', (track: { mediaStreamTrack: MediaStreamTrack }) =>
        firstFrame(new MediaStream([track.mediaStreamTrack])).then(resolve),
      ),
    )
    await room.connect(url, token)
    return from
  }
  scope.publish = async () => {
    const from = now()
    await scope.room.localParticipant.publishTrack(scope.track, { simulcast: true })
    return from
  }
  scope.disconnect = () => scope.room.disconnect(false)
  // The direct pair. `offers` says which side starts: the publisher at its click, or the viewer that joins.
  scope.direct = (role: 'publisher' | 'viewer', starts: boolean) => {
    const from = now()
    const channel = new BroadcastChannel('pair')
    const pair = new RTCPeerConnection()
    scope.pair = pair
    const frame = new Promise<number>((resolve) => {
      pair.ontrack = (event) => firstFrame(new MediaStream([event.track])).then(resolve)
    })
    const waiting: RTCIceCandidateInit[] = []
    pair.onicecandidate = ({ candidate }) => channel.postMessage({ candidate: candidate?.toJSON() })
    channel.onmessage = async ({ data }) => {
      if (data.hello && role === 'publisher') await offer()
      if (data.description) {
        await pair.setRemoteDescription(data.description)
        for (const candidate of waiting.splice(0)) await pair.addIceCandidate(candidate)
        if (data.description.type === 'offer') {
          await pair.setLocalDescription()
          channel.postMessage({ description: pair.localDescription?.toJSON() })
        }
      }
      if (data.candidate) {
        if (pair.remoteDescription) await pair.addIceCandidate(data.candidate)
        else waiting.push(data.candidate)
      }
    }
    const offer = async () => {
      pair.addTrack(scope.track)
      await pair.setLocalDescription()
      channel.postMessage({ description: pair.localDescription?.toJSON() })
    }
    scope.endDirect = () => {
      channel.close()
      pair.close()
    }
    scope.directFrame = frame
    if (starts && role === 'publisher') void offer()
    if (starts && role === 'viewer') channel.postMessage({ hello: true })
    return from
  }
}

async function token(identity: string, room: string): Promise<string> {
  const access = new AccessToken(apiKey, apiSecret, { identity })
  access.addGrant({ roomJoin: true, room })
  return access.toJwt()
}

const call = (page: Page, name: string, ...args: unknown[]) =>
  page.evaluate(
    ([name, args]) => (window as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args),
    [name, args] as const,
  )
const read = (page: Page, name: string) =>
  page.evaluate((name) => (window as unknown as Record<string, unknown>)[name], name)

const a = await openPage()
const b = await openPage()
await call(a, 'camera')
const url = server.url.replace('http', 'ws')
const times = {
  publish: [] as number[],
  publishDirect: [] as number[],
  join: [] as number[],
  joinDirect: [] as number[],
  connect: [] as number[],
}

for (let round = -1; round < rounds; round += 1) {
  const room = `bench-${round}`
  const keep = round >= 0 // the first round warms codecs and caches
  await call(a, 'connect', url, await token('a', room))
  await call(b, 'connect', url, await token('b', room))
  const clicked = Number(await call(a, 'publish'))
  const shown = Number(await read(b, 'frame'))
  await call(b, 'disconnect')
  const joined = Number(await call(b, 'connect', url, await token('c', room)))
  const seen = Number(await read(b, 'frame'))
  await call(b, 'disconnect')
  await call(a, 'disconnect')
  const direct: number[] = []
  for (const starter of ['publisher', 'viewer'] as const) {
    const waits = starter === 'publisher' ? b : a
    const starts = starter === 'publisher' ? a : b
    await call(waits, 'direct', starter === 'publisher' ? 'viewer' : 'publisher', false)
    const from = Number(await call(starts, 'direct', starter, true))
    direct.push(Number(await read(b, 'directFrame')) - from)
    await call(a, 'endDirect')
    await call(b, 'endDirect')
  }
  if (!keep) continue
  times.publish.push(shown - clicked)
  times.join.push(seen - joined)
  times.publishDirect.push(direct[0] as number)
  times.joinDirect.push(direct[1] as number)
}
await browser.close()
plain.close()
await server.stop()
const row = (values: number[], direct: number[]) => ({
  ms: Math.round(median(values)),
  directMs: Math.round(median(direct)),
  ratio: Number((median(values) / median(direct)).toFixed(2)),
  all: values.map(Math.round),
  allDirect: direct.map(Math.round),
})
console.log(
  JSON.stringify({ publish: row(times.publish, times.publishDirect), join: row(times.join, times.joinDirect) }),
)
