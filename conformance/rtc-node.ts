// @livekit/rtc-node as it was published: the Rust client that its Python, Unity and C++ siblings share.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  ConnectionState,
  DisconnectReason,
  dispose,
  LocalAudioTrack,
  LocalVideoTrack,
  type RemoteTrack,
  Room,
  RoomEvent,
  RpcError,
  SimulateScenarioKind,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
  VideoStream,
} from '@livekit/rtc-node'
import type { VideoGrant } from 'livekit-server-sdk'
import { until } from '../e2e/stage/until.ts'
import type { Report } from './report.ts'
import type { Server } from './servers.ts'
import { type Trial, tryAll } from './trial.ts'

const RATE = 48_000
const size = { width: 320, height: 180 }
const bytes = (text: string) => new TextEncoder().encode(text)

const seen = (what: string, ask: () => unknown) => until(what, async () => Boolean(await ask()), Boolean)

/** People of one behaviour; everything they open is closed with them. */
class Cast {
  readonly #trial: Trial
  readonly #rooms: Room[] = []
  readonly #timers: NodeJS.Timeout[] = []
  #isOver = false

  constructor(trial: Trial) {
    this.#trial = trial
  }

  async join(identity: string, grant?: VideoGrant): Promise<Room> {
    const room = new Room()
    this.#rooms.push(room)
    await room.connect(this.#trial.url, await this.#trial.token(identity, grant), {
      autoSubscribe: true,
      dynacast: false,
    })
    return room
  }

  async pair(grant?: VideoGrant): Promise<[Room, Room]> {
    const ana = await this.join('ana', grant)
    const ben = await this.join('ben', grant)
    await seen('each other', () => ana.remoteParticipants.has('ben') && ben.remoteParticipants.has('ana'))
    return [ana, ben]
  }

  async publishPicture(room: Room) {
    const video = new VideoSource(size.width, size.height)
    const options = Object.assign(new TrackPublishOptions(), { source: TrackSource.SOURCE_CAMERA })
    const made = await me(room).publishTrack(LocalVideoTrack.createVideoTrack('camera', video), options)
    const picture = new Uint8Array(size.width * size.height * 1.5).fill(120)
    const frame = new VideoFrame(picture, size.width, size.height, VideoBufferType.I420)
    this.#timers.push(setInterval(() => video.captureFrame(frame), 66))
    return made
  }

  async publishTone(room: Room) {
    const audio = new AudioSource(RATE, 1)
    const options = Object.assign(new TrackPublishOptions(), { source: TrackSource.SOURCE_MICROPHONE })
    const made = await me(room).publishTrack(LocalAudioTrack.createAudioTrack('microphone', audio), options)
    let sample = 0
    const next = () =>
      Int16Array.from({ length: RATE / 50 }, () => 8_000 * Math.sin((2 * Math.PI * 440 * sample++) / RATE))
    // The source takes what it has room for, and refuses more.
    const sing = async () => {
      while (!this.#isOver) await audio.captureFrame(new AudioFrame(next(), RATE, 1, RATE / 50))
    }
    void sing()
    return made
  }

  async end() {
    this.#isOver = true
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.all(this.#rooms.map((room) => room.disconnect()))
  }
}

function me(room: Room) {
  if (!room.localParticipant) throw new Error('not in the room')
  return room.localParticipant
}

/** How much of each kind a room's tracks have brought so far. */
function perceive(room: Room): { frames: number; loudness: number } {
  const so = { frames: 0, loudness: 0 }
  const take = async (track: RemoteTrack) => {
    if (track.kind === TrackKind.KIND_VIDEO) for await (const _ of new VideoStream(track)) so.frames += 1
    else for await (const { data } of new AudioStream(track)) for (const each of data) so.loudness += Math.abs(each)
  }
  room.on(RoomEvent.TrackSubscribed, (track) => void take(track).catch(() => {}))
  return so
}

function hear(room: Room): string[] {
  const heard: string[] = []
  room.on(RoomEvent.DataReceived, (payload, from) =>
    heard.push(`${from?.identity}: ${new TextDecoder().decode(payload)}`),
  )
  return heard
}

type Play = (cast: Cast, trial: Trial) => Promise<void>

const plays: Record<string, Play> = {
  'two join and know each other by name': async (cast) => {
    const [ana, ben] = await cast.pair()
    if (ana.remoteParticipants.get('ben')?.name !== 'BEN') throw new Error('another name')
    await ben.disconnect()
    await seen('the leave', () => !ana.remoteParticipants.has('ben'))
  },
  'a picture and a tone are published and received': async (cast) => {
    const [ana, ben] = await cast.pair()
    const there = perceive(ben)
    await cast.publishPicture(ana)
    await cast.publishTone(ana)
    await seen('frames', () => there.frames > 10)
    await seen('the tone', () => there.loudness > 1_000_000)
  },
  'who joins later receives what was published before': async (cast) => {
    const ana = await cast.join('ana')
    await cast.publishPicture(ana)
    await cast.publishTone(ana)
    const room = await cast.join('ben')
    const there = perceive(room)
    await seen('the tracks', () => room.remoteParticipants.get('ana')?.trackPublications.size === 2)
    for (const publication of room.remoteParticipants.get('ana')?.trackPublications.values() ?? [])
      if (publication.track)
        room.emit(
          RoomEvent.TrackSubscribed,
          publication.track,
          publication,
          room.remoteParticipants.get('ana') as never,
        )
    await seen('frames and the tone', () => there.frames > 10 && there.loudness > 1_000_000)
  },
  'an unpublished track goes, and the next one comes': async (cast) => {
    const [ana, ben] = await cast.pair()
    const { sid } = await cast.publishTone(ana)
    const tracks = () => [...(ben.remoteParticipants.get('ana')?.trackPublications.values() ?? [])]
    await seen('the track', () => tracks().some((each) => each.track))
    await me(ana).unpublishTrack(sid ?? '')
    await seen('its end', () => tracks().length === 0)
    const there = perceive(ben)
    await cast.publishTone(ana)
    await seen('the next tone', () => there.loudness > 1_000_000)
  },
  'data reach everybody else, or one': async (cast) => {
    const [ana, ben] = await cast.pair()
    const cho = await cast.join('cho')
    await seen('cho', () => ana.remoteParticipants.has('cho'))
    const [atBen, atCho] = [hear(ben), hear(cho)]
    await me(ana).publishData(bytes('for ben'), { reliable: true, destination_identities: ['ben'] })
    await me(ana).publishData(bytes('for all'), { reliable: true })
    await seen('both', () => atBen.length === 2 && atCho.length === 1)
    if (atCho[0] !== 'ana: for all') throw new Error(`cho heard ${atCho[0]}`)
  },
  'a text of 50 000 characters arrives whole': async (cast) => {
    const [ana, ben] = await cast.pair()
    const got: string[] = []
    ben.registerTextStreamHandler('book', (reader) => void reader.readAll().then((text) => got.push(text)))
    const book = 'line of a book\n'.repeat(3_334)
    await me(ana).sendText(book, { topic: 'book' })
    await seen('the book', () => got[0] === book)
  },
  'a remote procedure answers, fails and is unknown as it should': async (cast) => {
    const [ana, ben] = await cast.pair()
    me(ben).registerRpcMethod('greet', async ({ payload }) => `${payload}, ana`)
    me(ben).registerRpcMethod('refuse', () => Promise.reject(new RpcError(4_711, 'not today')))
    const call = (method: string) => me(ana).performRpc({ destinationIdentity: 'ben', method, payload: 'hello' })
    if ((await call('greet')) !== 'hello, ana') throw new Error('another answer')
    const codes = [await codeOf(call('refuse')), await codeOf(call('none'))]
    if (codes.join() !== `4711,${RpcError.ErrorCode.UNSUPPORTED_METHOD}`) throw new Error(`codes ${codes}`)
  },
  'name, metadata and attributes are changed and seen': async (cast) => {
    const [ana, ben] = await cast.pair({ canUpdateOwnMetadata: true })
    await me(ana).updateName('Dr. Ana')
    await me(ana).updateMetadata('m')
    await me(ana).setAttributes({ hand: 'up' })
    const there = () => ben.remoteParticipants.get('ana')
    await seen(
      'all three',
      () => there()?.name === 'Dr. Ana' && there()?.metadata === 'm' && there()?.attributes.hand === 'up',
    )
  },
  'a broken signal connection is resumed and a full reconnect returns': async (cast) => {
    const [ana, ben] = await cast.pair()
    const heard = hear(ben)
    for (const scenario of [
      SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT,
      SimulateScenarioKind.SIMULATE_FULL_RECONNECT,
    ]) {
      const told: string[] = []
      const listen = (event: RoomEvent) => void ana.once(event, () => told.push(event))
      listen(RoomEvent.Reconnecting)
      listen(RoomEvent.Reconnected)
      await ana.simulateScenario(scenario)
      await seen(
        `being back after ${SimulateScenarioKind[scenario]}`,
        () => told.join() === 'reconnecting,reconnected' && ana.connectionState === ConnectionState.CONN_CONNECTED,
      )
      await seen('data afterwards', async () => {
        await me(ana).publishData(bytes(`${scenario}`), { reliable: true })
        return heard.includes(`ana: ${scenario}`)
      })
    }
  },
  'who is removed hears so': async (cast, { service, room }) => {
    const [ana] = await cast.pair()
    let reason: DisconnectReason | undefined
    ana.on(RoomEvent.Disconnected, (told) => (reason = told))
    await service.removeParticipant(room, 'ana')
    await seen('the reason', () => reason === DisconnectReason.PARTICIPANT_REMOVED)
  },
}

function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'none',
    (error: { code?: number }) => error.code,
  )
}

export async function runRtcNode(server: Server, only: string, report: Report): Promise<void> {
  const file = join(import.meta.dirname, '../node_modules/@livekit/rtc-node/package.json')
  const { version } = JSON.parse(readFileSync(file, 'utf8'))
  const wanted = Object.entries(plays).filter(([name]) => `rtc-node: ${name}`.includes(only))
  const behaviours = Object.fromEntries(
    wanted.map(([name, play]) => [
      `rtc-node: ${name}`,
      async (trial: Trial) => {
        const cast = new Cast(trial)
        await play(cast, trial).finally(() => cast.end())
      },
    ]),
  )
  if (wanted.length > 0) await tryAll(`@livekit/rtc-node ${version}`, server, behaviours, report)
  await dispose()
}
