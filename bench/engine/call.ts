import type { EngineEvent, EngineMetrics } from '../../crates/engine-node/index.d.ts'
import { type Agent, type Said, startAgent } from './agent.ts'
import type { Wire } from './place.ts'
import { type EngineServer, startEngine } from './server.ts'

export interface Files {
  /** `crates/engine-bench`, built. */
  binary: string
  /** The engine's addon, built. */
  addon: string
}

export interface Track {
  track: string
  video: boolean
  streamId: string
  /** The size a subscriber shows it with; absent, it takes all there is. */
  size?: { width: number; height: number }
}

interface Offer extends Said {
  sdp: string
  tracks: { track: string; mid: string; video: boolean; layers: number }[]
}

export interface Delays {
  count: number
  p50: number
  p95: number
  p99: number
  max: number
}

/** What the clients saw since they were asked the last time. */
export interface Count extends Said {
  sources: number
  sinks: number
  sampled: number
  connecting: number
  silent: number
  sent: number
  received: number
  read: number
  bytes: number
  opened: number
  refused: number
  lost: number
  overflowed: number
  others: number
  cpuMicros: number
  wallMicros: number
  delays: Delays[]
  relay: Delays | null
}

export type Way = 'udp' | 'tcp'

export interface Subscribers {
  count: number
  wanted: (number: number) => Track[]
  /** Where their numbers begin. */
  from?: number
  room?: string
  group?: number
  /** One in so many reads everything it gets; by TCP all have to. */
  sampleOneIn?: number
  way?: Way
}

/** So many join at the same time: more would only wait in line. */
const AT_ONCE = 48
const SAMPLE_ONE_IN = 20
/** Nobody says what their link carries: they tell when packets came, and the engine estimates. */
const TELLS_ARRIVALS = 0
const PATIENCE_MS = 60_000
/** Of a camera's layers, as `source.rs` sends them. */
const SIZES = [180, 360, 720].map((height) => ({ width: (height * 16) / 9, height }))
const ALL = { width: 0, height: 0 }

/** The engine and its clients, joined by commands: what a server over the engine would do, without the server. */
export class Call {
  readonly load: Agent
  readonly server: EngineServer
  readonly #tcp: string
  #last = 0
  #waiting = new Map<string, { done: (event: EngineEvent) => void; failed: (error: Error) => void }>()
  #failed: Error | undefined

  private constructor(server: EngineServer, load: Agent, ip: string) {
    this.server = server
    this.#tcp = `${ip}:${server.port}`
    this.load = load
    server.onEvent((event) => this.#hear(event))
  }

  static async start(files: Files, wire: Wire, threads = 1, way: Way = 'udp'): Promise<Call> {
    const server = await startEngine(files.addon, wire.server, threads, way === 'tcp')
    return new Call(server, startAgent(files.binary, 'load', wire.clients), wire.server.ip)
  }

  #hear(event: EngineEvent) {
    if (event.type === 'engineFailed') this.#fail(new Error(`The engine failed: ${event.reason}`))
    if (event.type === 'negotiationFailed') this.#fail(new Error(`A negotiation failed: ${event.message}`))
    if (event.type === 'subscriptionFailed') this.#fail(new Error(`A subscription failed: ${event.reason}`))
    if (!('transport' in event)) return
    const key = `${event.type}:${event.transport}`
    this.#waiting.get(key)?.done(event)
    this.#waiting.delete(key)
  }

  #fail(error: Error) {
    this.#failed ??= error
    for (const each of this.#waiting.values()) each.failed(error)
    this.#waiting.clear()
  }

  #event<T extends EngineEvent['type']>(type: T, transport: number) {
    return new Promise<Extract<EngineEvent, { type: T }>>((resolve, reject) => {
      if (this.#failed) return reject(this.#failed)
      const late = () => this.#fail(new Error(`The engine did not say '${type}' of ${transport} within a minute.`))
      const timer = setTimeout(late, PATIENCE_MS)
      this.#waiting.set(`${type}:${transport}`, {
        done: (event) => {
          clearTimeout(timer)
          resolve(event as Extract<EngineEvent, { type: T }>)
        },
        failed: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
    })
  }

  #said<T extends Said>(type: string, id: number) {
    return this.load.next<T>((said) => said.type === type && said.id === id)
  }

  /** A publisher with these tracks (`source.rs` knows their names). */
  async publish(tracks: string, room = 'hall'): Promise<Track[]> {
    const id = ++this.#last
    const offered = this.#said<Offer>('offer', id)
    this.load.say('source', id, tracks)
    const offer = await offered
    const answered = this.#event('answered', id)
    this.server.apply([
      { type: 'openTransport', transport: id, role: 'publisher', room },
      { type: 'acceptOffer', transport: id, offer: 1, sdp: offer.sdp },
    ])
    const connected = this.#said('connected', id)
    this.load.say('answer', id, (await answered).sdp)
    this.server.apply(
      offer.tracks.flatMap(({ track, mid, video, layers }) => {
        const publish = { type: 'publishTrack', track, transport: id, mid } as const
        return video
          ? [publish, { type: 'describeTrack', track, screen: false, layers: SIZES.slice(-layers) }]
          : [publish]
      }),
    )
    await connected
    return offer.tracks.map(({ track, video }) => ({ track, video, streamId: `PA_${id}` }))
  }

  /** Subscribers that are connected and light. Answers their ids. */
  async subscribe(subscribers: Subscribers): Promise<number[]> {
    const { count, wanted, from = 0, room = 'hall', group = 0, sampleOneIn = SAMPLE_ONE_IN, way = 'udp' } = subscribers
    const ids: number[] = []
    const one = async () => {
      while (ids.length < count) {
        const id = ++this.#last
        const number = from + ids.push(id) - 1
        const offered = this.#event('offered', id)
        const answered = this.#said<{ sdp: string }>('answer', id)
        const connected = this.#said('connected', id)
        this.load.say('sink', id, number % sampleOneIn === 0, group, TELLS_ARRIVALS, way === 'tcp' ? this.#tcp : way)
        const tracks = wanted(number).map(({ track, streamId, size = ALL }) => ({
          ...{ track, streamId, ...size },
          ...{ enabled: true, fps: 0, priority: 0 },
        }))
        this.server.apply([
          { type: 'openTransport', transport: id, role: 'subscriber', room },
          { type: 'subscribe', transport: id, wanted: tracks },
        ])
        const { offer, sdp } = await offered
        this.load.say('offer', id, sdp)
        this.server.apply([{ type: 'acceptAnswer', transport: id, offer, sdp: (await answered).sdp }])
        await connected
      }
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, one))
    this.load.say('lighten')
    return ids
  }

  leave(ids: number[]): void {
    for (const id of ids) this.load.say('close', id)
    this.server.apply(ids.map((transport) => ({ type: 'closeTransport', transport }) as const))
  }

  count(): Promise<Count> {
    const counted = this.load.next<Count>((said) => said.type === 'count')
    this.load.say('count')
    return counted
  }

  /** Sockets for the floor to send to, as many as there are subscribers. */
  async targets(count: number): Promise<number[]> {
    const made = this.load.next<Said & { ports: number[] }>((said) => said.type === 'targets')
    this.load.say('targets', count)
    return (await made).ports
  }

  metrics(): Promise<EngineMetrics> {
    if (this.#failed) throw this.#failed
    return this.server.metrics()
  }

  end(): void {
    this.server.onEvent(() => {})
    this.load.end()
    this.server.end()
  }
}
