import { setTimeout as wait } from 'node:timers/promises'
import type { Call } from './call.ts'
import type { Floor, Form } from './floor.ts'
import { kernelDrops, machineTime, processorTime } from './system.ts'

/** The engine and its floor in turns, so that both see the same minutes of the machine. */
export interface Plan {
  turns: number
  /** Of media in a turn, and of each form of the floor. */
  seconds: number
  floorSeconds: number
  /** What the floor sends, in which form, and under which name; the first is the one that the ratio is to. */
  floors: { name: string; form: Form; frames: string; framesASecond?: number; groups?: number }[]
}

export interface Turn {
  /** Processor time of the media threads for each packet forwarded, in microseconds; the rest of the process is in `process`. */
  micros: number
  processMicros: number
  forwarded: number
  /** By the publishers. */
  sent: number
  received: number
  lost: number
  overflowed: number
  refused: number
  silent: number
  /** Lost in the kernel's queue between server and clients. */
  dropped: number
  packetsASecond: number
  megabits: number
  /** Cores that the media threads kept busy while media flowed. */
  busy: number
  /** Share of the machine that was idle meanwhile. */
  idle: number
  /** Processor time of the clients beside the media threads'. */
  loadShare: number
  /** Microseconds for each packet of each form of the floor. */
  floors: Record<string, number>
}

/** What is under way has landed, and the engine has published its counters. */
const SETTLE_MS = 300

export async function takeTurns(call: Call, floor: Floor, plan: Plan): Promise<Turn[]> {
  await warm(call)
  const turns: Turn[] = []
  for (let number = 0; number < plan.turns; number += 1) turns.push(await turn(call, floor, plan))
  return turns
}

/** Fills caches, finds bitrates, brings the first key frames. */
export async function warm(call: Call) {
  call.load.say('play')
  await wait(1_000)
  call.load.say('pause')
  await settled(call)
}

/** Waits until the engine forwards nothing more: one that could not keep up has a queue. */
async function settled(call: Call) {
  let last = -1
  for (let tries = 0; tries < 20; tries += 1) {
    await wait(SETTLE_MS)
    const { packetsOut } = await call.metrics()
    // Some report or other is always sent.
    if (last >= 0 && packetsOut - last < 0.001 * packetsOut + 100) return
    last = packetsOut
  }
}

export async function turn(call: Call, floor: Floor, plan: Omit<Plan, 'turns'>): Promise<Turn> {
  await call.count()
  const dropped = kernelDrops()
  const from = { metrics: await call.metrics(), cpu: processorTime(call.server.pid), machine: machineTime() }
  const start = performance.now()
  call.load.say('play')
  await wait(plan.seconds * 1_000)
  call.load.say('pause')
  const seconds = (performance.now() - start) / 1_000
  const machine = machineTime()
  const busy = (processorTime(call.server.pid).media - from.cpu.media) / 1e6 / seconds
  await settled(call)
  const to = { metrics: await call.metrics(), cpu: processorTime(call.server.pid) }
  const count = await call.count()
  const kernelDropped = kernelDrops() - dropped
  const floors: Record<string, number> = {}
  for (const { name, form, frames, framesASecond, groups } of plan.floors) {
    const seconds = framesASecond ? plan.seconds : plan.floorSeconds
    const cost = await floor.run(form, frames, seconds, framesASecond, groups)
    floors[name] = cost.cpuMicros / cost.packets
  }
  const forwarded = to.metrics.packetsOut - from.metrics.packetsOut
  const media = to.cpu.media - from.cpu.media
  return {
    micros: media / forwarded,
    processMicros: (to.cpu.all - from.cpu.all) / forwarded,
    forwarded,
    sent: count.sent,
    received: count.received,
    lost: count.lost,
    overflowed: count.overflowed,
    refused: count.refused,
    silent: count.silent,
    dropped: kernelDropped,
    packetsASecond: forwarded / seconds,
    megabits: ((to.metrics.bytesOut - from.metrics.bytesOut) * 8) / 1e6 / seconds,
    busy,
    idle: (machine.idle - from.machine.idle) / Math.max(1, machine.all - from.machine.all),
    loadShare: count.cpuMicros / media,
    floors,
  }
}
