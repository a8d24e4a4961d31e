/**
 * The thread that talks with PostgreSQL. The server's own thread waits for each answer, as it does for SQLite's disk; this one keeps the
 * connection, and makes a new one after a loss. Knows no statement of its own but those that make a connection what is needed.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { Client, types } from 'pg'

/** One statement, or without a text the wish to be connected. */
export interface Asked {
  id: number
  text?: string
  values?: unknown[]
  /** Prepared under this name. */
  name?: string
  /** Only on this connection: a transaction does not go on on another. */
  connection?: number
  /** Nobody waits for it: an error is the answer to what is asked next. */
  isUnanswered?: boolean
}

export interface Answered {
  id: number
  connection: number
  rows?: Record<string, unknown>[]
  /** What the server says it has done, such as COMMIT. */
  command?: string
  error?: { message: string; code: string | undefined; isFailure: boolean }
}

export interface WorkerData {
  url: string
  port: MessagePort
  /** Is 1 from the moment on in which an answer can be taken. */
  signal: Int32Array
  /** The tables are cleaned at most so often, in ms. */
  scrubEveryMs: number
}

/** Said unasked: why the tables could not be cleaned. */
export type ScrubFailure = string

const CONNECT_MS = 5_000
const RECONNECT_MS = 1_000
/** A Maru that was killed a moment ago may still hold its lock. */
const LOCK_MS = 2_000
/** One Maru at a time uses a schema: who else comes is told. The number is of no meaning. */
const LOCK = 1_836_413_557
/** The classes of errors that are no fault of the statement: connection, resources, operator, system, and the code for read-only. */
const FAILURE = /^(08|53|57|58|XX|25006)/

const { url, port, signal, scrubEveryMs } = workerData as WorkerData
let client: Client | undefined
let connection = 0
/** The server's name for the last connection, which may not know yet that it is lost. */
let process: number | undefined

// Counts and sums of what is far from 2^53.
for (const number of [types.builtins.INT8, types.builtins.NUMERIC]) types.setTypeParser(number, Number)

async function connect(): Promise<void> {
  const fresh = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, keepAlive: true })
  fresh.on('error', () => lose(fresh))
  fresh.on('end', () => lose(fresh))
  try {
    await fresh.connect()
    // Acknowledged means durable, whatever the server is set to.
    await fresh.query('set synchronous_commit = on')
    if (process !== undefined) await fresh.query('select pg_terminate_backend($1)', [process]).catch(() => {})
    await fresh.query(`set lock_timeout = ${LOCK_MS}`)
    const { rows } = await fresh.query(
      'select pg_backend_pid() as process, pg_advisory_lock($1, hashtext(current_schema()))',
      [LOCK],
    )
    await fresh.query('set lock_timeout = 0')
    process = rows[0].process
  } catch (error) {
    fresh.end().catch(() => {})
    throw error
  }
  client = fresh
  connection += 1
}

function lose(lost: Client): void {
  if (client !== lost) return
  client = undefined
  setTimeout(reconnect, RECONNECT_MS)
}

function reconnect(): void {
  connect().catch(() => setTimeout(reconnect, RECONNECT_MS))
}

/** What has failed without having been answered. */
let unanswered: Omit<Answered, 'id'> | undefined
/** One after the other. */
let last: Promise<void> = Promise.resolve()

async function take(asked: Asked): Promise<void> {
  // Taking a transaction back takes back what has failed in it.
  const before = asked.text === 'rollback' ? undefined : unanswered
  unanswered = undefined
  const answered = before ?? (await answer(asked))
  if (asked.isUnanswered) {
    if (answered.error) unanswered = answered
    return
  }
  port.postMessage({ id: asked.id, ...answered } satisfies Answered)
  Atomics.store(signal, 0, 1)
  Atomics.notify(signal, 0)
}

async function answer({ text, values = [], name, connection: wanted }: Asked): Promise<Omit<Answered, 'id'>> {
  try {
    if (text === undefined) {
      await connect()
      return { connection }
    }
    if (!client || (wanted !== undefined && wanted !== connection)) throw lost('the connection is lost')
    const { rows, command } = await client.query({ text, values, ...(name !== undefined && { name }) })
    return { connection, rows, command }
  } catch (error) {
    const { message, code } = error as Error & { code?: string }
    // The driver's own errors have no code, or one of the system.
    const isFailure = code === undefined || !/^[0-9A-Z]{5}$/.test(code) || FAILURE.test(code)
    return { connection, error: { message, code, isFailure } }
  }
}

function lost(message: string): Error {
  return Object.assign(new Error(message), { code: '08006' })
}

/** What was deleted or overwritten goes from its tables now, and not when the server comes to it. On a connection of its own: nobody waits for it. */
const SCRUBBED = ['entry', 'message_index', 'membership', 'member', 'presence', 'reaction', 'vote', 'file']
let scrubbedAt = Number.NEGATIVE_INFINITY
let scrubbing: NodeJS.Timeout | undefined
let scrubber: Client | undefined
let isEnding = false

function scrubSoon(): void {
  if (scrubbing) return
  const wait = Math.max(0, scrubbedAt + scrubEveryMs - performance.now())
  scrubbing = setTimeout(() => void scrub(), wait)
}

async function scrub(): Promise<void> {
  scrubbedAt = performance.now()
  scrubbing = undefined
  const own = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
  scrubber = own
  // The statement that it interrupts tells of it.
  own.on('error', () => {})
  try {
    await own.connect()
    for (const table of SCRUBBED) await own.query(`vacuum ${table}`)
  } catch (error) {
    if (isEnding) return
    parentPort?.postMessage((error as Error).message satisfies ScrubFailure)
    scrubSoon()
  } finally {
    scrubber = undefined
    own.end().catch(() => {})
  }
}

port.on('message', async (asked: Asked | 'reset' | 'scrub' | 'end') => {
  if (asked === 'scrub') return scrubSoon()
  if (asked === 'end') {
    isEnding = true
    clearTimeout(scrubbing)
    scrubber?.end().catch(() => {})
    const last = client
    client = undefined
    await last?.end().catch(() => {})
    return port.close()
  }
  if (asked === 'reset') {
    const silent = client
    if (silent) lose(silent)
    return void silent?.end().catch(() => {})
  }
  last = last.then(() => take(asked))
})
