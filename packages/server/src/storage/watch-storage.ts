/** How often it is tried whether the disk takes something again. */
const PROBE_MS = 2_000

/** Whether what has to last can be stored now. A full disk, a read-only folder and a database out of reach come and go by themselves. */
export interface StorageWatch {
  works(): boolean
  /** Something could not be stored. */
  failed(error: unknown): void
  /** Adds ways to find out whether storing works again: each throws while it does not. */
  probeWith(...probes: (() => Promise<unknown>)[]): void
  stop(): void
}

export interface StorageWatchOptions {
  /** Calls back once after a time; gives the way to call it off. */
  schedule: (delayMs: number, callback: () => void) => () => void
  /** Told of every change, with what failed first. */
  changed: (works: boolean, error?: unknown) => void
}

export function watchStorage({ schedule, changed }: StorageWatchOptions): StorageWatch {
  const all: (() => Promise<unknown>)[] = []
  let works = true
  let stopped = false
  let cancel = () => {}

  async function probe(): Promise<void> {
    try {
      for (const each of all) await each()
    } catch {
      if (!stopped) cancel = schedule(PROBE_MS, probe)
      return
    }
    if (stopped) return
    works = true
    changed(true)
  }

  return {
    works: () => works,
    failed(error) {
      if (!works || stopped) return
      works = false
      changed(false, error)
      cancel = schedule(PROBE_MS, probe)
    },
    probeWith: (...probes) => void all.push(...probes),
    stop() {
      stopped = true
      cancel()
    },
  }
}
