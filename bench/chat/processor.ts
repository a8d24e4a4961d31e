import { readdirSync, readFileSync } from 'node:fs'

/** Microseconds of processor time of all threads of a process, by the scheduler's own clock: hundredths of a second are too coarse for a few messages. */
export function processorMicros(pid: number): number {
  let micros = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      micros += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1_000
    } catch {
      // A thread that has ended meanwhile.
    }
  }
  return micros
}
