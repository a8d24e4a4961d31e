import { test } from 'vitest'
import { seeded } from '../../test/seeded.ts'
import { watchStorage } from './watch-storage.ts'

/** The longest that one of the two probes takes here. */
const PROBE_TAKES_MS = 3_000
/** Between two of them. */
const PAUSE_MS = 2_000

test.for(Array.from({ length: 100 }, (_, n) => n + 1))(
  'whatever fails while it is being tried, it is noticed when all can be stored again, and each change is told once (seed %i)',
  async (seed, { expect }) => {
    const random = seeded(seed)
    const timers = new Set<{ at: number; callback: () => void }>()
    let now = 0
    const schedule = (delayMs: number, callback: () => void) => {
      const timer = { at: now + delayMs, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    }
    const run = async (end: number) => {
      for (;;) {
        const [next] = [...timers].toSorted((a, b) => a.at - b.at)
        if (!next || next.at > end) break
        timers.delete(next)
        now = next.at
        next.callback()
        await new Promise(setImmediate)
      }
      now = end
    }
    /** Of the database and of the folder, whether it can take something. */
    const hasRoom = [true, true]
    const told: boolean[] = []
    const watch = watchStorage({
      schedule,
      changed(works, error) {
        told.push(works)
        expect(error === undefined).toBe(works)
        // Whoever is told may write at once.
        if (works) for (const place of [0, 1]) write(place)
      },
    })
    function write(place: number): void {
      if (!hasRoom[place]) watch.failed(new Error('full'))
    }
    const probe = (place: number) => async () => {
      await new Promise<void>((resolve) => void schedule(random() * PROBE_TAKES_MS, resolve))
      if (hasRoom[place]) return
      // As the writer does it: what a probe meets is told as well.
      watch.failed(new Error('full'))
      throw new Error('full')
    }
    watch.probeWith(probe(0), probe(1))
    for (let step = 0; step < 60; step += 1) {
      const place = Math.floor(random() * 2)
      if (random() < 0.4) hasRoom[place] = !hasRoom[place]
      else write(place)
      await run(now + random() * 2 * PAUSE_MS)
    }
    hasRoom.fill(true)
    const calm = now
    // One try that has begun may still fail, and the next takes its time.
    await run(calm + 2 * (PAUSE_MS + 2 * PROBE_TAKES_MS))
    expect(watch.works()).toBe(true)
    expect(told).toEqual(told.map((_, index) => index % 2 === 1))
    expect(told.length).toBeGreaterThan(0)
    expect(timers.size).toBe(0)
    watch.stop()
    watch.failed(new Error('after the end'))
    expect(timers.size).toBe(0)
  },
)
