// What a behaviour has at hand inside the page: people who join with the client as it was published, and patience.
import {
  type LocalTrackPublication,
  type Participant,
  type RemoteParticipant,
  type RemoteTrackPublication,
  type RemoteVideoTrack,
  Room,
  type RoomConnectOptions,
  type RoomEvent,
  type RoomOptions,
  type Track,
} from 'livekit-client'
import type { VideoGrant } from 'livekit-server-sdk'
import { counterPicture, tone } from './sources.ts'

/** What the page asks of the program that drives it. */
export interface Bindings {
  conformanceToken(asked: TokenWish): Promise<string>
  /** Calls a method of the server SDK's RoomServiceClient; an error becomes its status, code and message. */
  conformanceService(method: string, args: unknown[]): Promise<{ value?: unknown; error?: ServiceError }>
  conformanceServer(action: 'restart'): Promise<void>
  /** A page in Chromium shows a picture, until the next such call or the end. */
  conformanceLayers(asked: LayersWish): Promise<void>
}
export interface ServiceError {
  status: number
  code: string
  message: string
}
export interface TokenWish {
  identity: string
  room: string
  name?: string | undefined
  metadata?: string | undefined
  attributes?: Record<string, string> | undefined
  grant?: VideoGrant | undefined
  ttl?: number | undefined
  secret?: string | undefined
  kind?: 'agent' | undefined
}
/** A picture in spatial layers of one stream, which only some browsers encode. */
export interface LayersWish {
  url: string
  token: string
  videoCodec: 'vp9' | 'av1'
  scalabilityMode: 'L3T3' | 'L3T3_KEY'
}
/** Which client runs this, against what. */
export interface Setting {
  /** As a client is given it: ws://host:port */
  url: string
  form: 'single' | 'dual'
  client: 'new' | 'old'
  browser: 'chromium' | 'firefox'
  /** The name of this run's room; nobody else uses it. */
  room: string
}

export interface Wish extends Omit<TokenWish, 'identity' | 'room'> {
  token?: string
  url?: string
  options?: RoomOptions
  connect?: RoomConnectOptions
}

type Said = { event: RoomEvent; args: unknown[]; at: number }

/** Nothing is slow here by itself, but a machine may have much else to do: this is for what never comes. */
const PATIENCE_MS = 60_000

/** Asks again and again until the answer is something; the error says what was missing. */
export async function until<Answer>(
  what: string | (() => string),
  ask: () => Answer | Promise<Answer>,
): Promise<NonNullable<Answer>> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > end) throw new Error(`not seen: ${typeof what === 'string' ? what : what()}`)
    await pause(20)
  }
}

/** Real time that has to pass for what is observed, such as packets that must not come. */
export const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

export function same(what: string, seen: unknown, wanted: unknown): void {
  const [left, right] = [JSON.stringify(seen), JSON.stringify(wanted)]
  if (left !== right) throw new Error(`${what}: seen ${left}, expected ${right}`)
}

export function holds(what: string, condition: unknown): asserts condition {
  if (!condition) throw new Error(`does not hold: ${what}`)
}

/** What `work` is refused with. */
export async function refusal(what: string, work: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome = await work.then(
    () => undefined,
    (error: Error & Record<string, unknown>) => error,
  )
  if (!outcome) throw new Error(`was not refused: ${what}`)
  return outcome
}

/** Somebody in the room, and everything their Room told. */
export class Person {
  readonly room: Room
  readonly said: Said[] = []

  constructor(room: Room) {
    this.room = room
    const emit = room.emit.bind(room) as (event: RoomEvent, ...args: unknown[]) => boolean
    room.emit = ((event: RoomEvent, ...args: unknown[]) => {
      this.said.push({ event, args, at: performance.now() })
      return emit(event, ...args)
    }) as typeof room.emit
    // Without an element a browser may not decode; who watches adaptively chooses the elements.
    if (!room.options.adaptiveStream) room.on('trackSubscribed', (track) => void track.attach())
  }

  get me() {
    return this.room.localParticipant
  }

  /** The arguments of an event that has come or will come. */
  hears<Args extends unknown[] = unknown[]>(
    event: RoomEvent,
    matches: (...args: Args) => unknown = () => true,
  ): Promise<Args> {
    const find = () => this.said.find((said) => said.event === event && matches(...(said.args as Args)))
    const told = () => [...new Set(this.said.map((said) => said.event))].join(', ')
    return until(`${event} at ${this.me.identity}`, () => find()?.args as Args | undefined).catch((error) => {
      throw new Error(`${error.message} (heard: ${told()})`)
    })
  }

  heard(event: RoomEvent): unknown[][] {
    return this.said.filter((said) => said.event === event).map(({ args }) => args)
  }

  /** What was said so far counts no more. */
  forget(): void {
    this.said.length = 0
  }

  sees(identity: string): Promise<RemoteParticipant> {
    return until(`${identity} in the room of ${this.me.identity}`, () => this.room.remoteParticipants.get(identity))
  }

  /** Somebody's publication of a source, once it is known. */
  async publication(identity: string, source: Track.Source | string): Promise<RemoteTrackPublication> {
    const find = () => this.room.remoteParticipants.get(identity)?.getTrackPublication(source as Track.Source)
    return until(`${source} of ${identity} at ${this.me.identity}`, find)
  }

  /** The same, once it is subscribed and there is something in it. */
  async receives(identity: string, source: Track.Source | string): Promise<RemoteTrackPublication> {
    const find = () => this.room.remoteParticipants.get(identity)?.getTrackPublication(source as Track.Source)
    await until(`a track of ${source} of ${identity} at ${this.me.identity}`, () => find()?.track)
    await until(`${source} of ${identity} playing at ${this.me.identity}`, async () => {
      const publication = find()
      return publication && (await flowing(publication))
    })
    return find() as RemoteTrackPublication
  }
}

/** How much of a track has been decoded: frames of a picture, or energy of a sound. */
export async function decoded(publication: RemoteTrackPublication): Promise<number> {
  const row = await inbound(publication)
  return row ? Number(publication.kind === 'video' ? (row.framesDecoded ?? 0) : (row.totalAudioEnergy ?? 0)) : 0
}

async function flowing(publication: RemoteTrackPublication): Promise<boolean> {
  if (publication.kind === 'video') return (await decoded(publication)) > 2
  // The fake microphones beep; Firefox has no energy in its report, there packets count.
  const row = await inbound(publication)
  return Number(row?.totalAudioEnergy ?? 0) > 0.000_1 || Number(row?.packetsReceived ?? 0) > 20
}

export async function inbound(publication: RemoteTrackPublication): Promise<Record<string, unknown> | undefined> {
  const report = await (publication.track as RemoteVideoTrack | undefined)?.receiver?.getStats()
  for (const row of report?.values() ?? []) if (row.type === 'inbound-rtp') return row
  return undefined
}

/** The codec a sender or receiver says it uses, such as "video/VP8". */
export async function codecOf(what: RTCRtpSender | RTCRtpReceiver | undefined): Promise<string> {
  const report = await what?.getStats()
  for (const row of report?.values() ?? [])
    if (row.type === 'inbound-rtp' || row.type === 'outbound-rtp') {
      const codec = report?.get(row.codecId)
      if (codec) return codec.mimeType
    }
  return ''
}

/** The width of the picture as it is decoded now. */
export async function width(publication: RemoteTrackPublication): Promise<number> {
  return Number((await inbound(publication))?.frameWidth ?? 0)
}

export class Stage {
  readonly setting: Setting
  #people: Person[] = []
  #tracks: MediaStreamTrack[] = []
  #sounds: AudioContext[] = []

  constructor(setting: Setting) {
    this.setting = setting
  }

  /** A Room that is not connected yet. */
  open(options: RoomOptions = {}): Person {
    const singlePeerConnection = this.setting.form === 'single'
    const person = new Person(new Room({ singlePeerConnection, ...options }))
    this.#people.push(person)
    return person
  }

  async enter(person: Person, identity: string, wish: Wish = {}): Promise<Person> {
    const token = wish.token ?? (await this.token(identity, wish))
    await person.room.connect(wish.url ?? this.setting.url, token, wish.connect)
    return person
  }

  join(identity: string, wish: Wish = {}): Promise<Person> {
    return this.enter(this.open(wish.options), identity, wish)
  }

  /** Two who know each other. */
  async pair(first: Wish = {}, second: Wish = {}): Promise<[Person, Person]> {
    const [ana, ben] = await Promise.all([this.join('ana', first), this.join('ben', second)])
    await Promise.all([ana.sees('ben'), ben.sees('ana')])
    return [ana, ben]
  }

  token(identity: string, wish: Wish = {}): Promise<string> {
    const { token: _token, url: _url, options: _options, connect: _connect, ...asked } = wish
    return bindings().conformanceToken({ identity, room: this.setting.room, ...asked })
  }

  async service(method: string, ...args: unknown[]): Promise<unknown> {
    const { value, error } = await bindings().conformanceService(method, args)
    if (error) throw Object.assign(new Error(`${method}: ${error.code} ${error.message}`), error)
    return value
  }

  restartServer(): Promise<void> {
    return bindings().conformanceServer('restart')
  }

  /** Ana shows a picture that this browser does not encode. */
  async layersFromElsewhere(wish: Omit<LayersWish, 'url' | 'token'>): Promise<void> {
    await bindings().conformanceLayers({ ...wish, url: this.setting.url, token: await this.token('ana') })
  }

  /** A camera that needs no device: a counter on a moving ground. */
  picture(size: { width: number; height: number; rate?: number } = { width: 320, height: 180 }): MediaStreamTrack {
    return this.#keep(counterPicture(size.width, size.height, size.rate ?? 15))
  }

  sound(stereo = false): MediaStreamTrack {
    const context = new AudioContext({ sampleRate: 48_000 })
    this.#sounds.push(context)
    return this.#keep(tone(context, stereo))
  }

  #keep(track: MediaStreamTrack): MediaStreamTrack {
    this.#tracks.push(track)
    return track
  }

  async end(): Promise<void> {
    await Promise.all(this.#people.map(({ room }) => room.disconnect().catch(() => {})))
    for (const track of this.#tracks) track.stop()
    // One that is left open goes on computing what nobody hears.
    for (const sound of this.#sounds) void sound.close()
  }
}

function bindings(): Bindings {
  return globalThis as unknown as Bindings
}

/**
 * Why layers of AV1 are not seen: without the header extension a decoder does not know which parts belong together. LiveKit's server has the
 * same to send to it; a picture in one layer is seen with both.
 */
export function lacksLayersOfAv1({ client, form, browser }: Setting): string | undefined {
  const lacks = client === 'old' && form === 'single' && browser === 'chromium'
  return lacks ? 'in this form it does not offer to receive the dependency descriptor' : undefined
}

/** What somebody publishes under a source. */
export function own(person: Person, source: Track.Source | string): LocalTrackPublication | undefined {
  return person.me.getTrackPublication(source as Track.Source)
}

export const identities = (people: Iterable<Participant>) => [...people].map(({ identity }) => identity).sort()
