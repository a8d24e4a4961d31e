// TCP: what a packet costs that leaves on a TCP stream, beside one that leaves as a datagram, and what somebody costs who reads nothing.
import { setTimeout as wait } from 'node:timers/promises'
import { Call, type Count, type Way } from './call.ts'
import { type Row, show, spread } from './figures.ts'
import { type Setting, VIDEO } from './forwarding.ts'
import { processorTime, residentMemory } from './system.ts'

const VIEWERS = 60
/** Of those by TCP, who stop reading. */
const DEAF = 6
/** The socket's buffer and the stream's own queue are full long before. */
const DEAF_SECONDS = 8
const SETTLE_MS = 400

interface Turn {
  way: Way
  /** Of the whole process: the bytes of streams go through JavaScript. */
  micros: number
  mediaMicros: number
  forwarded: number
  seen: Count
}

export async function streams(setting: Setting): Promise<Row> {
  const calls = new Map<Way, Call>()
  try {
    let deaf: number[] = []
    for (const way of ['udp', 'tcp'] as const) {
      const call = await Call.start(setting.files, setting.wire, 1, way)
      calls.set(way, call)
      const tracks = await call.publish(VIDEO)
      // Everybody reads everything, by UDP too: both have the same clients.
      const each = { wanted: () => tracks, sampleOneIn: 1, way }
      await call.subscribe({ ...each, count: VIEWERS - DEAF })
      deaf = await call.subscribe({ ...each, count: DEAF, group: 1 })
      await play(way, call, 1)
    }
    const turns: Turn[] = []
    for (let turn = 0; turn < setting.turns; turn += 1)
      for (const [way, call] of calls) turns.push(await play(way, call, setting.seconds))
    const tcp = calls.get('tcp') as Call
    const before = residentMemory(tcp.server.pid)
    for (const id of deaf) tcp.load.say('deafen', id)
    const beside = await play('tcp', tcp, DEAF_SECONDS)
    const memory = (residentMemory(tcp.server.pid) - before) / DEAF
    return rowOf(turns, beside, memory)
  } finally {
    for (const call of calls.values()) call.end()
  }
}

async function play(way: Way, call: Call, seconds: number): Promise<Turn> {
  await call.count()
  const from = { metrics: await call.metrics(), cpu: processorTime(call.server.pid) }
  call.load.say('play')
  await wait(seconds * 1_000)
  call.load.say('pause')
  await wait(SETTLE_MS)
  const to = { metrics: await call.metrics(), cpu: processorTime(call.server.pid) }
  const forwarded = to.metrics.packetsOut - from.metrics.packetsOut
  return {
    way,
    micros: (to.cpu.all - from.cpu.all) / forwarded,
    mediaMicros: (to.cpu.media - from.cpu.media) / forwarded,
    forwarded,
    seen: await call.count(),
  }
}

function rowOf(turns: readonly Turn[], beside: Turn, memory: number): Row {
  const of = (way: Way, value: (turn: Turn) => number) =>
    spread(turns.filter((turn) => turn.way === way).map((turn) => value(turn)))
  const pairs = turns.flatMap(({ way, micros }, at) => (way === 'tcp' ? [micros / (turns[at - 1]?.micros ?? 0)] : []))
  const p95 = (turn: Turn) => turn.seen.delays[0]?.p95 ?? Number.NaN
  const figures = {
    tcp: of('tcp', ({ micros }) => micros),
    tcpMedia: of('tcp', ({ mediaMicros }) => mediaMicros),
    udp: of('udp', ({ micros }) => micros),
    ratio: spread(pairs),
    tcpP95: of('tcp', p95),
    udpP95: of('udp', p95),
    besideP95: p95(beside),
    memory,
    turns,
    beside,
  }
  const cells = {
    'us/packet by TCP': show(figures.tcp),
    'of it the media thread': show(figures.tcpMedia),
    'by UDP': show(figures.udp),
    'x UDP': show(figures.ratio),
    'p95 us': `${figures.tcpP95.median.toFixed(0)}, by UDP ${figures.udpP95.median.toFixed(0)}`,
    [`with ${DEAF} who read nothing`]: `p95 ${figures.besideP95.toFixed(0)} us, ${(memory / 1_000).toFixed(0)} kB for each of them`,
  }
  return { row: 'TCP', load: `video, 1 x ${VIEWERS}, whole process`, cells, remarks: remarks(turns, beside), figures }
}

function remarks(turns: readonly Turn[], beside: Turn): string[] {
  const said: string[] = []
  const check = (seen: Count, who: number, words: string) => {
    if (seen.received < 0.99 * seen.sent * who) said.push(`${words}: ${seen.received} of ${seen.sent} x ${who} came`)
    if (seen.lost + seen.refused > 0) said.push(`${words}: ${seen.lost} holes, ${seen.refused} that did not open`)
  }
  for (const { way, seen } of turns) check(seen, VIEWERS, `by ${way}`)
  check(beside.seen, VIEWERS - DEAF, 'beside those who read nothing')
  return said
}
