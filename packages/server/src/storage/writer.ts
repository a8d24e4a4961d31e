import { AppError } from '@maru/protocol'
import type { Database } from './database.ts'

/** The most jobs of one transaction: the event loop stands still while it runs. */
const MAX_BATCH = 1_000
/** More than this waiting means that the disk does not keep up; better to refuse than to fill the memory. */
const MAX_WAITING = 20_000

export interface Writer<Tables> {
  /**
   * Runs a job in the next transaction. The promise resolves when that is on the disk. `after` runs before it, synchronously and in the order
   * of the jobs: what it publishes is in the order of the log. A job may run twice and must have no effect beside its statements.
   * @throws storage_unavailable when nothing could be stored
   */
  write<Result>(job: (tables: Tables) => Result, after?: (result: Result) => void): Promise<Result>
  /** Commits what waits; afterwards every write is refused. */
  close(): void
}

interface Job<Tables> {
  run: (tables: Tables) => unknown
  after: ((result: never) => void) | undefined
  resolve: (result: never) => void
  reject: (error: unknown) => void
}

type Outcome = { result: unknown } | { error: unknown }

/**
 * Group commit: all writes that come in one turn of the event loop share one transaction and so one fsync. While the disk syncs, the next
 * ones gather in the sockets' buffers and share the next.
 */
export function createWriter<Tables>(
  db: Database,
  tables: Tables,
  failed: (error: unknown) => void = () => {},
): Writer<Tables> {
  let waiting: Job<Tables>[] = []
  let scheduled = false
  let closed = false

  function flush(): void {
    scheduled = false
    if (waiting.length === 0) return // closing has stored it already
    const batch = waiting.slice(0, MAX_BATCH)
    waiting = waiting.slice(MAX_BATCH)
    if (waiting.length > 0) schedule()
    settle(batch, transact(batch))
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  /** One transaction for all. Where one job throws by itself, each gets its own, so that it harms no other. */
  function transact(batch: Job<Tables>[]): Outcome[] {
    try {
      db.begin()
      const results = batch.map((job) => ({ result: job.run(tables) }))
      db.commit()
      return results
    } catch (error) {
      const unavailable = rollback() ?? (db.isFailure(error) ? error : undefined)
      if (unavailable === undefined && batch.length > 1) return batch.flatMap((job) => transact([job]))
      if (unavailable === undefined) return [{ error }]
      failed(unavailable)
      const refusal = new AppError('storage_unavailable', undefined, { cause: unavailable })
      return batch.map(() => ({ error: refusal }))
    }
  }

  function rollback(): unknown {
    try {
      db.rollback()
      return undefined
    } catch (error) {
      return error
    }
  }

  function settle(batch: Job<Tables>[], outcomes: Outcome[]): void {
    for (const [index, job] of batch.entries()) {
      const outcome = outcomes[index] as Outcome
      if ('error' in outcome) {
        job.reject(outcome.error)
        continue
      }
      try {
        job.after?.(outcome.result as never)
      } catch (error) {
        failed(error)
      }
      job.resolve(outcome.result as never)
    }
  }

  return {
    write(job, after) {
      if (closed || waiting.length >= MAX_WAITING) return Promise.reject(new AppError('storage_unavailable'))
      return new Promise((resolve, reject) => {
        waiting.push({
          run: job,
          after: after as Job<Tables>['after'],
          resolve: resolve as Job<Tables>['resolve'],
          reject,
        })
        schedule()
      })
    },
    close() {
      while (waiting.length > 0) flush()
      closed = true
    },
  }
}
