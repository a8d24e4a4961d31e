// M5: how many viewers one media thread serves, in rooms of fifty whose frames do not come in step.
import { setTimeout as wait } from 'node:timers/promises'
import { Call } from './call.ts'
import { type Row, spread } from './figures.ts'
import { type Setting, VIDEO } from './forwarding.ts'
import { processorTime } from './system.ts'

const ROOM = 50
const ROOMS_A_STEP = 4
/** The same of the first two steps. */
const FIRST_ROOMS = 2
const MOST = 3_000
/** From one key frame of a source to the next: each of these windows holds one of every room. */
const WINDOW_MS = 3_000
const WINDOWS = 3
const SETTLE_MS = 1_000
const BUDGET_MS = 180_000
/** One in so many packets. */
const LOSS = 0.001
const ALL_CAME = 0.98
/** Twice of very little is noise: below this, nobody sees or hears a delay. */
const NOTICED_MICROS = 5_000

interface Step {
  viewers: number
  p50: number
  p95: number
  loss: number
  /** Of what was sent, to everybody in its room: less where pictures were paused. */
  came: number
  busy: number
}

export async function viewers(setting: Setting): Promise<Row> {
  const call = await Call.start(setting.files, setting.wire)
  if (setting.sabotage) call.load.say('hurry', 60)
  const start = performance.now()
  const steps: Step[] = []
  let ended = 'the ramp was over'
  try {
    let count = 0
    while (count < MOST) {
      if (performance.now() - start > BUDGET_MS) {
        ended = 'the time was up'
        break
      }
      for (let room = 0; room < (steps.length < 2 ? FIRST_ROOMS : ROOMS_A_STEP); room += 1) {
        count += ROOM
        const name = `${steps.length}-${room}`
        const tracks = await call.publish(VIDEO, name)
        await call.subscribe({ count: ROOM, wanted: () => tracks, room: name })
      }
      steps.push(await measure(call, count))
      const first = steps[0] as Step
      const last = steps.at(-1) as Step
      if (last.loss > LOSS) ended = `${(last.loss * 100).toFixed(2)} % were lost`
      else if (last.came < ALL_CAME) ended = 'pictures were paused'
      else if (last.p95 > Math.max(2 * first.p95, NOTICED_MICROS)) ended = 'the delay doubled'
      else continue
      break
    }
  } finally {
    call.end()
  }
  const knee = ended === 'the ramp was over' || ended === 'the time was up' ? steps.length : steps.length - 1
  const good = steps[knee - 1]
  const doubled = steps.find((step) => step.p95 > 2 * (steps[0]?.p95 ?? 0))
  return {
    row: 'M5',
    load: 'viewers of 1.7 Mbit/s, rooms of 50',
    cells: {
      viewers: String(good?.viewers ?? 0),
      until: ended,
      'p95 us': `${Math.round(steps[0]?.p95 ?? 0)} at first, ${Math.round(steps.at(-1)?.p95 ?? 0)} at the end`,
      'p95 doubled at': doubled ? String(doubled.viewers) : 'none',
      'busy cores': good?.busy.toFixed(2) ?? '-',
    },
    remarks:
      ended === 'the time was up' || ended === 'the ramp was over'
        ? ['the end was not reached: there may be room for more']
        : [],
    figures: { knee: good?.viewers ?? 0, ended, steps },
  }
}

/** The middle of several windows in which nobody joins, so that no key frame is asked for, and the rooms' own come one after the other. */
async function measure(call: Call, viewers: number): Promise<Step> {
  call.load.say('play')
  await wait(SETTLE_MS)
  call.load.say('spread')
  await call.count()
  const windows: Omit<Step, 'viewers'>[] = []
  for (let number = 0; number < WINDOWS; number += 1) windows.push(await watch(call))
  const middle = (of: (step: Omit<Step, 'viewers'>) => number) => spread(windows.map(of)).median
  return {
    viewers,
    p50: middle(({ p50 }) => p50),
    p95: middle(({ p95 }) => p95),
    loss: middle(({ loss }) => loss),
    came: middle(({ came }) => came),
    busy: middle(({ busy }) => busy),
  }
}

async function watch(call: Call): Promise<Omit<Step, 'viewers'>> {
  const from = processorTime(call.server.pid).media
  const start = performance.now()
  await wait(WINDOW_MS)
  const seen = await call.count()
  const busy = (processorTime(call.server.pid).media - from) / 1_000 / (performance.now() - start)
  const delays = seen.delays[0]
  // What the clients had no room for is not the engine's loss.
  const lost = Math.max(0, seen.lost - seen.overflowed)
  const came = seen.received / Math.max(1, seen.sent * ROOM)
  return { p50: delays?.p50 ?? 0, p95: delays?.p95 ?? 0, loss: lost / Math.max(1, seen.read + lost), came, busy }
}
