import { readFileSync } from 'node:fs'

/** Descriptors that the database, files, threads and what comes from elsewhere may need at once, and their part of many. */
const RESERVE = 64
const RESERVE_PART = 0.05

/** How many connections this process may have so that enough of its open files are left for all else. Undefined where the system does not say. */
export function mostConnections(readLimits = () => readFileSync('/proc/self/limits', 'utf8')): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readLimits()) ?? []
    const limit = Number(soft)
    return soft === undefined ? undefined : Math.max(1, Math.floor(limit * (1 - RESERVE_PART)) - RESERVE)
  } catch {
    return undefined
  }
}
