// M4: what the engine adds to a packet's way while half of a core is busy, beside a plain relay in the same seconds.
import { setTimeout as wait } from 'node:timers/promises'
import { startAgent } from './agent.ts'
import { Call, type Delays, type Track } from './call.ts'
import { type Row, show, spread } from './figures.ts'
import { type Setting, VIDEO } from './forwarding.ts'
import { processorTime } from './system.ts'

/** At least so many turns: of some 900 packets in one, the 99th percentile is the ninth worst, which one stall of 50 ms decides. */
const TURNS = 5
/** Milliseconds between the packets that are timed. */
const PROBE_MS = 5
const HALF = 0.5
const MOST = 3_000

/** A sabotaged engine stands still for so long in each of these times: more load would only make the crowd smaller that is half a core. */
const STANDSTILL_MS = 6
const STANDSTILL_EVERY_MS = 60

/** The load beside which a voice to one listener is timed, in a room of its own. */
export type Beside = 'voice' | 'video'

export async function delay(setting: Setting, beside: Beside): Promise<Row> {
  const { files, wire } = setting
  const call = await Call.start(files, wire)
  const relay = startAgent(files.binary, 'relay', wire.server)
  let standstills: NodeJS.Timeout | undefined
  try {
    const { port } = await relay.next<{ port: number }>(() => true)
    const timed = await call.publish(`voice:${PROBE_MS}`, 'quiet')
    await call.subscribe({ count: 1, wanted: () => timed, room: 'quiet', sampleOneIn: 1 })
    const publishers = beside === 'voice' ? Array.from({ length: 10 }, () => 'voice') : [VIDEO]
    const tracks: Track[] = []
    for (const publisher of publishers) tracks.push(...(await call.publish(publisher)))
    const add = (count: number) => call.subscribe({ count, wanted: () => tracks, group: 1 })
    // A first hundred tells how many make half a core; a packet to many costs less, which the next rounds find.
    let viewers = 100
    await add(viewers)
    for (let round = 0; round < 3; round += 1) {
      const busy = await busyCores(call)
      const more = Math.min(MOST, Math.round((viewers * HALF) / busy)) - viewers
      if (more < viewers / 20) break
      await add(more)
      viewers += more
    }
    call.load.say('relay', wire.server.ip, port, PROBE_MS)
    if (setting.sabotage) standstills = setInterval(() => standStill(call.server.pid), STANDSTILL_EVERY_MS)
    const runs: { engine: Delays; relay: Delays; room: Delays; busy: number }[] = []
    for (let run = 0; run < Math.max(TURNS, setting.turns); run += 1) {
      await call.count()
      const measured = await busyCores(call, 4)
      const { delays, relay: plain } = await call.count()
      const [engine, room] = delays
      if (engine && room && plain) runs.push({ engine, relay: plain, room, busy: measured })
    }
    const of = (value: (run: (typeof runs)[number]) => number) => spread(runs.map(value))
    const figures = {
      viewers,
      busy: of((run) => run.busy),
      relayP50: of((run) => run.relay.p50),
      relayP99: of((run) => run.relay.p99),
      engineP50: of((run) => run.engine.p50),
      engineP99: of((run) => run.engine.p99),
      addedP50: of((run) => run.engine.p50 - run.relay.p50),
      addedP99: of((run) => run.engine.p99 - run.relay.p99),
      roomP50: of((run) => run.room.p50),
      roomP95: of((run) => run.room.p95),
    }
    const cells = {
      'relay p50 us': show(figures.relayP50, 0),
      'p99 us': show(figures.relayP99, 0),
      'engine p50 us': show(figures.engineP50, 0),
      'its p99 us': show(figures.engineP99, 0),
      'added p50 us': show(figures.addedP50, 0),
      'added p99 us': show(figures.addedP99, 0),
      'to all of the busy room p50/p95 us': `${figures.roomP50.median.toFixed(0)}/${figures.roomP95.median.toFixed(0)}`,
      'busy cores': figures.busy.median.toFixed(2),
    }
    const remarks = figures.busy.median < 0.4 || figures.busy.median > 0.6 ? ['the load is not half a core'] : []
    return { row: 'M4', load: `a voice beside ${beside} to ${viewers}`, cells, remarks, figures: { ...figures, runs } }
  } finally {
    clearInterval(standstills)
    relay.end()
    call.end()
  }
}

function standStill(pid: number) {
  process.kill(pid, 'SIGSTOP')
  setTimeout(() => process.kill(pid, 'SIGCONT'), STANDSTILL_MS)
}

async function busyCores(call: Call, seconds = 2): Promise<number> {
  call.load.say('play')
  await wait(500)
  const from = processorTime(call.server.pid).media
  const start = performance.now()
  await wait(seconds * 1_000)
  const busy = (processorTime(call.server.pid).media - from) / 1_000 / (performance.now() - start)
  call.load.say('pause')
  await wait(300)
  return busy
}
