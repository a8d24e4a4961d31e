/** A participant of any LiveKit server, without media of its own: it hears signals and says them. For measurements beside other servers. */
import {
  AddTrackRequest,
  SessionDescription,
  SignalRequest,
  SignalResponse,
  SignalTarget,
  TrackSource,
  TrackType,
  UpdateTrackSettings,
  VideoLayer,
  VideoQuality,
} from '@livekit/protocol'
import { SignJWT } from 'jose'
import { WebSocket } from 'ws'
import type { SignalAsk, SignalReply } from '../src/livekit/signal-codec.ts'

export interface Joiner {
  offer(sdp: string): void
  answer(sdp: string, id: number): void
  addTrack(cid: string, video: boolean, layers: number): void
  /** What size of a picture is wanted. */
  watch(trackSid: string, width: number, height: number): void
  leave(): void
}

export interface Keys {
  apiKey: string
  apiSecret: string
}

export interface Hears {
  signal(reply: SignalReply): void
  candidate(line: string, ofSubscriber: boolean): void
  closed(): void
}

const PING_MS = 5_000
const LAYERS = [
  { quality: VideoQuality.LOW, width: 320, height: 180, bitrate: 160_000, rid: 'q' },
  { quality: VideoQuality.MEDIUM, width: 640, height: 360, bitrate: 450_000, rid: 'h' },
  { quality: VideoQuality.HIGH, width: 1280, height: 720, bitrate: 1_700_000, rid: 'f' },
]

/** Resolves when the server has let it in. */
export async function joinCall(
  url: string,
  keys: Keys,
  who: { room: string; identity: string; subscribes: boolean },
  hears: Hears,
): Promise<Joiner> {
  const video = { roomJoin: true, room: who.room, canPublish: true, canSubscribe: true }
  const claims = { sub: who.identity, iss: keys.apiKey, exp: Math.floor(Date.now() / 1000) + 3600, video }
  const secret = new TextEncoder().encode(keys.apiSecret)
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret)
  const query = `access_token=${token}&auto_subscribe=${who.subscribes ? 1 : 0}&protocol=15&sdk=js&version=2.0.0`
  const socket = new WebSocket(`${url.replace('http', 'ws')}/rtc?${query}`)
  const say = (message: SignalAsk) => socket.send(new SignalRequest({ message }).toBinary())
  const joined = Promise.withResolvers<void>()
  const pings = setInterval(() => socket.readyState === 1 && say({ case: 'ping', value: BigInt(Date.now()) }), PING_MS)
  socket.on('error', joined.reject)
  socket.on('close', () => {
    clearInterval(pings)
    joined.reject(new Error(`${url} did not let ${who.identity} in`))
    hears.closed()
  })
  socket.on('message', (data: Buffer) => {
    const reply = SignalResponse.fromBinary(data).message as SignalReply
    if (reply.case === 'trickle') {
      const { candidate } = JSON.parse(reply.value.candidateInit || '{}')
      if (candidate) hears.candidate(candidate, reply.value.target === SignalTarget.SUBSCRIBER)
      return
    }
    hears.signal(reply)
    if (reply.case === 'join') joined.resolve()
  })
  await joined.promise
  return {
    offer: (sdp) => say({ case: 'offer', value: new SessionDescription({ type: 'offer', sdp, id: 1 }) }),
    answer: (sdp, id) => say({ case: 'answer', value: new SessionDescription({ type: 'answer', sdp, id }) }),
    addTrack: (cid, video, layers) => {
      const picture = {
        type: TrackType.VIDEO,
        source: TrackSource.CAMERA,
        width: 1280,
        height: 720,
        layers: LAYERS.slice(-layers).map((layer) => new VideoLayer(layer)),
      }
      const kind = video ? picture : { type: TrackType.AUDIO, source: TrackSource.MICROPHONE }
      say({ case: 'addTrack', value: new AddTrackRequest({ cid, name: cid, ...kind }) })
    },
    watch: (trackSid, width, height) =>
      say({ case: 'trackSetting', value: new UpdateTrackSettings({ trackSids: [trackSid], width, height }) }),
    leave: () => socket.close(),
  }
}
