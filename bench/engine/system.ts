// What the machine says about itself and about the processes measured.
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'

/** Microseconds of processor time of a process and of its media threads alone, by the scheduler's own clock: hundredths of a second are coarse. */
export function processorTime(pid: number): { all: number; media: number } {
  let [all, media] = [0, 0]
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const name = readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8')
      const [nanos] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
      const micros = Number(nanos) / 1_000
      all += micros
      if (name.startsWith('maru-media')) media += micros
    } catch {
      // A thread that has ended meanwhile.
    }
  }
  return { all, media }
}

/** Resident memory in bytes. */
export function residentMemory(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024
}

/** Packets that the kernel threw away between two interfaces, because nobody took them from its queue in time. */
export function kernelDrops(): number {
  const lines = readFileSync('/proc/net/softnet_stat', 'utf8').trim().split('\n')
  return lines.reduce((sum, line) => sum + Number.parseInt(line.split(' ')[1] ?? '0', 16), 0)
}

/** Processor time of all cores since the start: what was idle, and all. */
export function machineTime(): { idle: number; all: number } {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/).slice(1, 9).map(Number) ?? []
  return { idle: (fields[3] ?? 0) + (fields[4] ?? 0), all: fields.reduce((sum, value) => sum + value, 0) }
}

export interface Machine {
  processor: string
  cores: number
  memoryGiB: number
  kernel: string
  node: string
  load: number
  profile: string
  date: string
}

export function machine(profile: string): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: Number(loadavg()[0]?.toFixed(1)),
    profile,
    date: new Date().toISOString(),
  }
}
