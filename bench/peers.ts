// `npm run bench -- peers [--full] [--turns N] [--only voice]`: Maru and livekit-server under the same clients in the same minutes, beside the floor.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startAgent } from './engine/agent.ts'
import { print, type Row, show, spread } from './engine/figures.ts'
import { type FloorCost, videoFrames, voiceFrames } from './engine/floor.ts'
import { KILOBITS, VIDEO } from './engine/forwarding.ts'
import { machine, processorTime } from './engine/system.ts'
import { Gathering, type Shape } from './peers/gathering.ts'
import { findLivekit, type PeerServer, startLivekit, startMaru } from './peers/servers.ts'

const root = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    turns: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    binary: { type: 'string', default: join(root, 'target/dist/engine-bench') },
    addon: { type: 'string', default: join(root, 'target/dist/engine.node') },
    profile: { type: 'string', default: 'dist' },
  },
})
const turns = Number(values.turns) || (values.full ? 5 : 3)
const WARM_MS = 1_500
/** livekit-server believes in an upper layer that was silent only after ten seconds (20 looks of 500 ms); before, it sends a lower one, which costs less. */
const LAYERS_MS = 13_000
const TURN_MS = 3_000
const FLOOR_SECONDS = 0.5

interface Load {
  name: string
  shape: Shape
  floors: { name: string; form: 'plain' | 'gso'; frames: string }[]
  /** Before each turn. */
  warmMs?: number
}

const plain = { name: 'floor', form: 'plain' } as const
const same = (count: number, tracks: string) => Array.from({ length: count }, () => tracks)
const video = videoFrames(KILOBITS, 30)
const loads: Load[] = [
  {
    name: 'voice, 10 x 40',
    shape: { publishers: same(10, 'voice'), listeners: 40, estimate: 0 },
    floors: [{ ...plain, frames: voiceFrames }],
  },
  {
    name: 'video, 1 x 60',
    shape: { publishers: [VIDEO], listeners: 60, estimate: 5_000_000 },
    floors: [
      { ...plain, frames: video },
      { name: 'GSO floor', form: 'gso', frames: video },
    ],
  },
  {
    name: 'meeting, 6 x 12',
    shape: {
      publishers: same(6, 'voice,camera'),
      listeners: 12,
      estimate: 8_000_000,
      // One large picture, of somebody else for each listener, and the others small.
      size: (listener, publisher) =>
        listener % 6 === publisher ? { width: 1280, height: 720 } : { width: 320, height: 180 },
    },
    floors: [{ ...plain, frames: `${voiceFrames},1050*2` }],
    warmMs: LAYERS_MS,
  },
]

interface Turn {
  micros: number
  packetsASecond: number
  megabits: number
  lost: number
  p50: number
  p95: number
  p99: number
}

async function turn(gathering: Gathering, warmMs: number): Promise<Turn> {
  const { server, load } = gathering
  load.say('play')
  await wait(warmMs)
  await gathering.count()
  const from = processorTime(server.pid).all
  const start = performance.now()
  await wait(TURN_MS)
  const cpu = processorTime(server.pid).all - from
  const seconds = (performance.now() - start) / 1_000
  const seen = await gathering.count()
  load.say('pause')
  await wait(300)
  return {
    micros: cpu / seen.received,
    packetsASecond: seen.received / seconds,
    megabits: ((seen.received / Math.max(1, seen.read)) * seen.bytes * 8) / 1e6 / seconds,
    lost: Math.max(0, seen.lost - seen.overflowed) / Math.max(1, seen.read),
    p50: seen.delays[0]?.p50 ?? 0,
    p95: seen.delays[0]?.p95 ?? 0,
    p99: seen.delays[0]?.p99 ?? 0,
  }
}

async function compare(load: Load, servers: PeerServer[]): Promise<Row> {
  const gatherings: Gathering[] = []
  const floor = startAgent(values.binary, 'floor', { prefix: [], ip: '127.0.0.1' })
  try {
    for (const server of servers)
      gatherings.push(await Gathering.open(server, values.binary, load.name.replace(/\W+/g, '-'), load.shape))
    const first = gatherings[0] as Gathering
    const made = first.load.next<{ ports: number[] }>((said) => said.type === 'targets')
    first.load.say('targets', load.shape.listeners)
    floor.say('targets', '127.0.0.1', (await made).ports.join(','))
    const taken: Record<string, Turn[]> = Object.fromEntries(servers.map(({ name }) => [name, []]))
    const floors: Record<string, number[]> = Object.fromEntries(load.floors.map(({ name }) => [name, []]))
    for (let number = 0; number < turns; number += 1) {
      for (const { name, form, frames } of load.floors) {
        const cost = floor.next<FloorCost & Record<string, unknown>>(() => true)
        floor.say('run', FLOOR_SECONDS, form, frames)
        const { cpuMicros, packets } = await cost
        floors[name]?.push(cpuMicros / packets)
      }
      for (const gathering of gatherings)
        taken[gathering.server.name]?.push(await turn(gathering, load.warmMs ?? WARM_MS))
    }
    return rowOf(load.name, servers, taken, floors)
  } finally {
    floor.end()
    for (const gathering of gatherings) gathering.end()
  }
}

function rowOf(
  name: string,
  servers: PeerServer[],
  taken: Record<string, Turn[]>,
  floors: Record<string, number[]>,
): Row {
  const cells: Record<string, string> = {}
  const figures: Record<string, object | string> = {}
  const remarks: string[] = []
  for (const [floor, micros] of Object.entries(floors)) {
    figures[floor] = spread(micros)
    cells[`${floor} us`] = show(spread(micros))
  }
  const [[against, lowest] = ['', []]] = Object.entries(floors)
  for (const [server, list] of Object.entries(taken)) {
    const of = (value: (turn: Turn) => number) => spread(list.map(value))
    const micros = of((turn) => turn.micros)
    const ratio = spread(list.map((turn, at) => turn.micros / (lowest[at] ?? Number.NaN)))
    const rate = of((turn) => turn.packetsASecond)
    figures[server] = { micros, ratio, rate, megabits: of((turn) => turn.megabits), turns: list }
    cells[`${server} us/packet`] = show(micros)
    cells[`x ${against} of ${server}`] = show(ratio, 1)
    cells[`${server} packets/s`] =
      `${Math.round(rate.median).toLocaleString('en')}, ${of((turn) => turn.megabits).median.toFixed(0)} Mbit/s`
    const delays = { p50: of((turn) => turn.p50), p95: of((turn) => turn.p95), p99: of((turn) => turn.p99) }
    figures[`${server} delays`] = delays
    // One turn among other work can have any delay.
    for (const [name, delay] of Object.entries(delays)) cells[`${server} ${name} us`] = show(delay, 0)
    const lost = Math.max(...list.map((turn) => turn.lost))
    if (lost > 0.001) remarks.push(`${server} lost ${(lost * 100).toFixed(2)} %`)
  }
  const peer = servers.find(({ name }) => name !== 'Maru')
  if (peer) figures.peer = peer.called
  const [ours, theirs] = Object.values(taken)
  if (ours && theirs) {
    const times = spread(ours.map((turn, at) => (theirs[at]?.micros ?? Number.NaN) / turn.micros))
    const rates = [ours, theirs].map((list) => spread(list.map((turn) => turn.megabits)).median) as [number, number]
    if (Math.max(...rates) > 1.2 * Math.min(...rates))
      remarks.push('the two chose other layers to send: compare with care')
    cells['Maru is ahead'] = `${show(times, 1)} times`
    figures.ahead = times
  }
  return { row: 'peer', load: name, cells, remarks, figures }
}

const facts = machine(values.profile)
const livekit = findLivekit()
if (typeof livekit === 'string') console.log(livekit)
console.log(
  `${facts.processor} x ${facts.cores}, kernel ${facts.kernel}, load ${facts.load}, profile ${facts.profile}; whole processes; median (min-max) of ${turns} runs`,
)
const servers = [await startMaru(values.addon)]
const rows: Row[] = []
try {
  if (typeof livekit !== 'string') servers.push(await startLivekit(livekit.file))
  for (const load of loads.filter(({ name }) => name.includes(values.only))) {
    try {
      const row = await compare(load, servers)
      console.log(print(row))
      rows.push(row)
    } catch (error) {
      console.log(`peer   ${load.name} failed: ${error instanceof Error ? error.message : error}`)
      process.exitCode = 1
    }
  }
} finally {
  for (const server of servers) server.end()
}
const file = join(root, '.cache/bench/peers.json')
mkdirSync(join(root, '.cache/bench'), { recursive: true })
writeFileSync(file, `${JSON.stringify({ machine: facts, rows }, undefined, 2)}\n`)
console.log(`All figures: ${file}`)
