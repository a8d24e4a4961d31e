// M5: how many viewers one media thread serves, in rooms of fifty whose frames do not come in step.
import { setTimeout as wait } from 'node:timers/promises'
import { Call } from './call.ts'
import type { Row } from './figures.ts'
import { type Setting, VIDEO } from './forwarding.ts'
import { processorTime } from './system.ts'

const ROOM = 50
const ROOMS_A_STEP = 2
const MOST = 3_000
const STEP_MS = 1_200
const BUDGET_MS = 50_000
/** One in so many packets. */
const LOSS = 0.001
/** Twice of very little is noise: below this, nobody sees or hears a delay. */
const NOTICED_MICROS = 5_000

interface Step {
  viewers: number
  p50: number
  p95: number
  loss: number
  busy: number
}

export async function viewers(setting: Setting): Promise<Row> {
  const call = await Call.start(setting.files, setting.wire)
  if (setting.sabotage) call.load.say('hurry', 60)
  const start = performance.now()
  const steps: Step[] = []
  let ended = 'the ramp was over'
  try {
    while (steps.length * ROOM * ROOMS_A_STEP < MOST) {
      if (performance.now() - start > BUDGET_MS) {
        ended = 'the time was up'
        break
      }
      for (let room = 0; room < ROOMS_A_STEP; room += 1) {
        const name = `${steps.length}-${room}`
        const tracks = await call.publish(VIDEO, name)
        await call.subscribe({ count: ROOM, wanted: () => tracks, estimate: 5_000_000, room: name })
      }
      steps.push(await measure(call, (steps.length + 1) * ROOM * ROOMS_A_STEP))
      const first = steps[0] as Step
      const last = steps.at(-1) as Step
      if (last.loss > LOSS) ended = `${(last.loss * 100).toFixed(2)} % were lost`
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

async function measure(call: Call, count: number): Promise<Step> {
  call.load.say('play')
  await wait(300)
  await call.count()
  const from = processorTime(call.server.pid).media
  const start = performance.now()
  await wait(STEP_MS)
  const seen = await call.count()
  const busy = (processorTime(call.server.pid).media - from) / 1_000 / (performance.now() - start)
  const delays = seen.delays[0]
  // What the clients had no room for is not the engine's loss.
  const lost = Math.max(0, seen.lost - seen.overflowed)
  return {
    viewers: count,
    p50: delays?.p50 ?? 0,
    p95: delays?.p95 ?? 0,
    loss: lost / Math.max(1, seen.read + lost),
    busy,
  }
}
