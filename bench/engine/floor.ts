import { type Agent, startAgent } from './agent.ts'
import type { Call, Files } from './call.ts'
import type { Wire } from './place.ts'

export interface FloorCost {
  packets: number
  bytes: number
  cpuMicros: number
  wallMicros: number
}

/** How the floor sends: one datagram at a time, or the datagrams of a frame for one subscriber as one train. */
export type Form = 'plain' | 'gso'

/** The least that a server pays on this machine (`floor.rs`), sending to as many sockets as the call has subscribers. */
export class Floor {
  readonly #agent: Agent

  private constructor(agent: Agent) {
    this.#agent = agent
  }

  static async start(files: Files, wire: Wire, call: Call, targets: number): Promise<Floor> {
    const agent = startAgent(files.binary, 'floor', wire.server)
    agent.say('targets', wire.clients.ip, (await call.targets(targets)).join(','))
    const floor = new Floor(agent)
    await floor.run('plain', '200*1', 0.1) // warms caches, finds routes
    return floor
  }

  /**
   * Without pause, or so many frames a second: then it wakes for each with cold caches, as a server does that has little to do. Each frame goes to
   * so many groups of the targets one after the other.
   */
  run(form: Form, frames: string, seconds: number, framesASecond?: number, groups = 1): Promise<FloorCost> {
    const cost = this.#agent.next<FloorCost & Record<string, unknown>>(() => true)
    this.#agent.say('run', seconds, form, frames, ...(framesASecond ? [framesASecond, groups] : []))
    return cost
  }

  end(): void {
    this.#agent.end()
  }
}

/** The sealed frames of a video as `pattern.rs` makes them, one in three seconds a key frame, the rest around the mean. */
export function videoFrames(kilobits: number, framesASecond: number): string {
  const overhead = 12 + 16 + 12 // header, tag, extensions
  const common = (kilobits * 1_000 * 3) / 8 / (3 * framesASecond - 1 + 8)
  const sizes = Array.from({ length: 3 * framesASecond }, (_, n) =>
    n === 0 ? common * 8 : common * (0.6 + ((n * 37) % 81) / 100),
  )
  return sizes
    .map((size) => {
      const count = Math.ceil(size / 1_150)
      return `${Math.ceil(size / count) + overhead}*${count}`
    })
    .join(',')
}

export const voiceFrames = `${80 + 12 + 16 + 8}*1`
