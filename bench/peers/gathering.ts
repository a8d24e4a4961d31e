// People in a call of any LiveKit server, their media by `engine-bench load`: both servers are treated alike.
import { setTimeout as wait } from 'node:timers/promises'
import { type Hears, type Joiner, joinCall } from '../../packages/server/test/livekit-joiner.ts'
import { type Agent, type Said, startAgent } from '../engine/agent.ts'
import type { Count } from '../engine/call.ts'
import { loopback } from '../engine/place.ts'
import type { PeerServer } from './servers.ts'

export interface Shape {
  /** What each publisher sends; see `source.rs`. */
  publishers: string[]
  listeners: number
  /** What a listener says its link carries, in bit/s; 0 for voices. */
  estimate: number
  /** The size a listener wants of the picture of a publisher; all there is where absent. */
  size?: (listener: number, publisher: number) => { width: number; height: number }
}

interface Offered extends Said {
  sdp: string
  tracks: { track: string; video: boolean; layers: number }[]
}

/** No offer for so long: everybody has what they asked for. */
const QUIET_MS = 2_500
const PATIENCE_MS = 40_000

export class Gathering {
  readonly server: PeerServer
  readonly load: Agent
  #last = 0
  #negotiated = performance.now()
  #joiners: Joiner[] = []
  /** Pictures by the number of their publisher. */
  #pictures = new Map<string, number>()
  #problem: string | undefined

  private constructor(server: PeerServer, binary: string) {
    this.server = server
    this.load = startAgent(binary, 'load', loopback().clients)
  }

  static async open(server: PeerServer, binary: string, room: string, shape: Shape): Promise<Gathering> {
    const gathering = new Gathering(server, binary)
    try {
      await gathering.#gather(room, shape)
      return gathering
    } catch (error) {
      gathering.end()
      throw error
    }
  }

  async #gather(room: string, shape: Shape) {
    for (const [number, tracks] of shape.publishers.entries()) await this.#publish(room, number, tracks)
    this.load.say('play') // a server announces a track when its first packets have come
    await wait(500)
    for (let number = 0; number < shape.listeners; number += 1)
      await this.#subscribe(room, `listener${number}`, true, shape.estimate, number % 10 === 0)
    await this.#calm()
    const { size } = shape
    if (size)
      for (const [listener, joiner] of this.#joiners.slice(shape.publishers.length).entries())
        for (const [sid, publisher] of this.#pictures) {
          const { width, height } = size(listener, publisher)
          joiner.watch(sid, width, height)
        }
    await this.#calm()
    this.load.say('lighten')
    this.load.say('pause')
  }

  /** Waits until nothing is negotiated any more. */
  async #calm() {
    const start = performance.now()
    this.#negotiated = start
    while (performance.now() - this.#negotiated < QUIET_MS) {
      if (this.#problem) throw new Error(this.#problem)
      if (performance.now() - start > PATIENCE_MS) throw new Error(`${this.server.name} negotiates for ever`)
      await wait(50)
    }
  }

  async #publish(room: string, number: number, tracks: string) {
    const id = ++this.#last
    const offered = this.load.next<Offered>((said) => said.type === 'offer' && said.id === id)
    this.load.say('source', id, tracks)
    const offer = await offered
    const answered = Promise.withResolvers<void>()
    const published = Promise.withResolvers<void>()
    let missing = offer.tracks.length
    const candidates: string[] = []
    let accepted = false
    const joiner = await this.#subscribe(room, `publisher${number}`, false, 0, false, {
      signal: (reply) => {
        if (reply.case === 'trackPublished') {
          const { track } = reply.value
          if (track && track.width > 0) this.#pictures.set(track.sid, number)
          missing -= 1
          if (missing === 0) published.resolve()
        }
        if (reply.case !== 'answer') return
        this.load.say('answer', id, reply.value.sdp)
        accepted = true
        for (const line of candidates.splice(0)) this.load.say('candidate', id, line)
        answered.resolve()
      },
      candidate: (line, ofSubscriber) => {
        if (ofSubscriber) return
        if (accepted) this.load.say('candidate', id, line)
        else candidates.push(line)
      },
      closed: () => {},
    })
    for (const { track, video, layers } of offer.tracks) joiner.addTrack(track, video, layers)
    await published.promise
    const connected = this.load.next((said) => said.type === 'connected' && said.id === id)
    joiner.offer(offer.sdp)
    await answered.promise
    await connected
  }

  async #subscribe(
    room: string,
    identity: string,
    subscribes: boolean,
    estimate: number,
    sampled: boolean,
    more?: Hears,
  ): Promise<Joiner> {
    const id = ++this.#last
    this.load.say('sink', id, sampled, 0, estimate, 'udp')
    const early: { sdp: string; id: number }[] = []
    const candidates: string[] = []
    let negotiated = false
    let joiner: Joiner | undefined
    const answer = async (offer: { sdp: string; id: number }) => {
      this.#negotiated = performance.now()
      const said = this.load.next<{ sdp: string } & Said>((said) => said.type === 'answer' && said.id === id)
      this.load.say('offer', id, offer.sdp)
      joiner?.answer((await said).sdp, offer.id)
      negotiated = true
      for (const line of candidates.splice(0)) this.load.say('candidate', id, line)
    }
    const failed = (error: Error) => {
      this.#problem ??= error.message
    }
    joiner = await joinCall(
      this.server.url,
      this.server.keys,
      { room, identity, subscribes },
      {
        signal: (reply) => {
          if (reply.case === 'offer') {
            if (joiner) answer(reply.value).catch(failed)
            else early.push(reply.value)
          }
          if (reply.case === 'leave') this.#problem ??= `${this.server.name} sends ${identity} away`
          more?.signal(reply)
        },
        candidate: (line, ofSubscriber) => {
          more?.candidate(line, ofSubscriber)
          if (!ofSubscriber) return
          if (negotiated) this.load.say('candidate', id, line)
          else candidates.push(line)
        },
        closed: () => more?.closed(),
      },
    )
    for (const offer of early) await answer(offer)
    this.#joiners.push(joiner)
    return joiner
  }

  count(): Promise<Count> {
    const counted = this.load.next<Count>((said) => said.type === 'count')
    this.load.say('count')
    return counted
  }

  end(): void {
    for (const joiner of this.#joiners) joiner.leave()
    this.load.end()
  }
}
