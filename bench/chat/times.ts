import { fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const FSYNCS = 300

export function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** What the disk itself takes for a page, in milliseconds. */
export function fsyncTimes(folder: string): number[] {
  const file = openSync(join(folder, 'raw'), 'w')
  const page = Buffer.alloc(4_096, 1)
  const times = Array.from({ length: FSYNCS }, () => {
    const from = performance.now()
    writeSync(file, page)
    fsyncSync(file)
    return performance.now() - from
  })
  closeSync(file)
  return times
}

export interface DiskWatch {
  /** What the slowest sync of a page took since the last question, in milliseconds. */
  slowest(): Promise<number>
  end(): void
}

/** In a process of its own, which nothing but the disk holds up. */
export async function watchDisk(folder: string): Promise<DiskWatch> {
  const child = fork(join(import.meta.dirname, 'disk-watch.ts'), [folder])
  await once(child, 'message')
  return {
    async slowest() {
      child.send('?')
      const [took] = await once(child, 'message')
      return Number(took)
    },
    end: () => child.disconnect(),
  }
}
