/**
 * The database as a PostgreSQL server, for who has outgrown one file. The server's thread waits for each answer, as it waits for SQLite's disk, so
 * that everything above is the same; media has threads of its own and does not wait. One server process uses a database.
 */
import { extname, join } from 'node:path'
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { AppError, nameKey } from '@maru/protocol'
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { compile, type Database } from './database.ts'
import { KEYS_VERSION, migrations } from './postgres-schema.ts'
import { preparePostgresWords } from './postgres-words.ts'
import type { Answered, Asked, ScrubFailure, WorkerData } from './postgres-worker.ts'
import type { Tables } from './tables.ts'

export interface PostgresDatabase extends Database {
  /** Prepares SQL that Kysely cannot write. */
  statement(sql: string): (...values: unknown[]) => Record<string, unknown>[]
}

export interface PostgresOptions {
  /** How long to wait for a server that is not there yet, in ms. */
  patienceMs?: number | undefined
  /** Told, once, that it is waited for, and why. */
  waiting?: ((reason: string) => void) | undefined
  /** Told of every loss of the database. */
  failed?: ((error: unknown) => void) | undefined
  /** How often what was deleted is cleaned off the tables at most, in ms; and again after it has failed. */
  scrubEveryMs?: number | undefined
  /** Told why that failed. */
  scrubFailed?: ((reason: string) => void) | undefined
}

/** After a machine has started, its servers come in any order. */
const PATIENCE_MS = 30_000
const AGAIN_MS = 500
const SCRUB_EVERY_MS = 3_600_000
/** Nobody listens, its name is not known yet, or it is just starting. */
const AWAY = /^(ECONNREFUSED|ECONNRESET|ENOENT|ENOTFOUND|EAI_AGAIN|57P03)$/
/** The lock of the schema is taken. */
const LOCK_NOT_AVAILABLE = '55P03'
/** Everything stands still while an answer is awaited: one that takes longer is given up, and the connection with it. */
const ANSWER_MS = 5_000
/** Bringing a large database to a new version may take its time. */
const MIGRATE_MS = 3_600_000

/** What a client is told says nothing of the database; what PostgreSQL has said is the cause. */
class PostgresError extends AppError {
  readonly state: string | undefined
  constructor({ message, code, isFailure }: NonNullable<Answered['error']>) {
    super(isFailure ? 'storage_unavailable' : 'internal', undefined, { cause: new Error(message) })
    this.state = code
  }
}

const isFailure = (error: unknown): boolean => error instanceof PostgresError && error.code === 'storage_unavailable'

/** @throws an Error whose message tells a person what is wrong and what to do; it never holds the password */
export function openPostgres(url: string, options: PostgresOptions = {}): PostgresDatabase {
  const { patienceMs = PATIENCE_MS, waiting = () => {}, failed = () => {} } = options
  const worker = startWorker(url, options)
  try {
    connect(worker.ask, patienceMs, waiting)
    migrate(worker.ask)
  } catch (error) {
    worker.end()
    throw explain(error, url)
  }
  return wrap(worker, failed)
}

type Ask = (asked: Omit<Asked, 'id'>, limitMs?: number) => Answered

interface Line {
  ask: Ask
  /** Does not wait: what goes wrong is the answer to the next question. */
  tell(asked: Omit<Asked, 'id'>): void
  scrub(): void
  end(): void
}

function startWorker(
  url: string,
  { scrubEveryMs = SCRUB_EVERY_MS, scrubFailed = () => {} }: Pick<PostgresOptions, 'scrubEveryMs' | 'scrubFailed'>,
): Line {
  const { port1: port, port2: theirs } = new MessageChannel()
  const signal = new Int32Array(new SharedArrayBuffer(4))
  const data: WorkerData = { url, port: theirs, signal, scrubEveryMs }
  const file = join(import.meta.dirname, `postgres-worker${extname(import.meta.filename)}`)
  const worker = new Worker(file, { workerData: data, transferList: [theirs] })
  worker.on('message', (reason: ScrubFailure) => scrubFailed(reason))
  worker.unref()
  let last = 0

  return {
    ask(asked, limitMs = ANSWER_MS) {
      last += 1
      const until = performance.now() + limitMs
      port.postMessage({ id: last, ...asked })
      for (;;) {
        const answer: Answered | undefined = receiveMessageOnPort(port)?.message
        if (answer?.error && answer.id === last) throw new PostgresError(answer.error)
        if (answer?.id === last) return answer
        if (answer) continue // of a question that was given up
        const waited = Atomics.wait(signal, 0, 0, Math.max(0, until - performance.now()))
        Atomics.store(signal, 0, 0)
        if (waited !== 'timed-out') continue
        port.postMessage('reset')
        throw new PostgresError({ message: 'the database does not answer', code: '08006', isFailure: true })
      }
    },
    tell: (asked) => port.postMessage({ id: 0, ...asked, isUnanswered: true }),
    scrub: () => port.postMessage('scrub'),
    end() {
      port.postMessage('end')
    },
  }
}

/** Everything waits, as for every answer: nothing can be done without the database. */
function connect(ask: Ask, patienceMs: number, waiting: (reason: string) => void): void {
  const until = performance.now() + patienceMs
  for (let attempt = 1; ; attempt += 1)
    try {
      ask({}, MIGRATE_MS)
      return
    } catch (error) {
      if (!(error instanceof PostgresError && AWAY.test(error.state ?? '')) || performance.now() >= until) throw error
      if (attempt === 1) waiting((error.cause as Error).message)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS)
    }
}

function migrate(ask: Ask): void {
  const run = (text: string) => ask({ text }, MIGRATE_MS)
  run('create table if not exists schema_version (version integer not null)')
  const version = Number(ask({ text: 'select version from schema_version' }).rows?.[0]?.version ?? 0)
  if (version > migrations.length)
    throw new Error(`it was written by a newer Maru (version ${version}, this one knows ${migrations.length})`)
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    // All on one connection: on another one it would be no transaction.
    const { connection } = run('begin')
    const within = (text: string, values: unknown[] = []) => ask({ text, values, connection }, MIGRATE_MS)
    within(sql)
    if (index + 1 === KEYS_VERSION) fillKeys(within)
    within('delete from schema_version')
    within('insert into schema_version (version) values ($1)', [index + 1])
    within('commit')
  }
}

/** The one thing that PostgreSQL cannot say of what is there: `nameKey` is of JavaScript. */
function fillKeys(run: (text: string, values?: unknown[]) => Answered): void {
  const page = `select room_id, member_id, name from membership where (room_id, member_id) > ($1, $2)
    order by room_id, member_id limit 1000`
  const fill = `update membership set key = of.key from unnest($1::bigint[], $2::text[], $3::text[]) as of (room_id, member_id, key)
    where membership.room_id = of.room_id and membership.member_id = of.member_id`
  for (let last: unknown[] = [0, '']; ; ) {
    const rows = run(page, last).rows ?? []
    if (rows.length === 0) return
    const column = (name: string) => rows.map((row) => row[name])
    run(fill, [column('room_id'), column('member_id'), column('name').map((name) => nameKey(String(name)))])
    last = [rows.at(-1)?.room_id, rows.at(-1)?.member_id]
  }
}

function wrap({ ask, tell, scrub, end }: Line, failed: (error: unknown) => void): PostgresDatabase {
  const tables = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  /** The connection of the transaction that is open. */
  let connection: number | undefined
  let names = 0

  function run(asked: Omit<Asked, 'id'>): Answered {
    try {
      return ask({ ...asked, ...(connection !== undefined && { connection }) })
    } catch (error) {
      if (isFailure(error)) failed(error)
      throw error
    }
  }
  function prepare(text: string, hasRows: boolean): (values: unknown[]) => Record<string, unknown>[] {
    names += 1
    const name = `q${names}`
    return (values) => {
      // In a transaction nobody needs to wait for what gives nothing: its end tells whether all of it was right.
      if (hasRows || connection === undefined) return run({ text, values, name }).rows ?? []
      tell({ text, values, name, connection })
      return []
    }
  }

  const database: PostgresDatabase = {
    query: () => (build) => {
      const { sql, bind, hasRows } = compile(tables, build)
      const statement = prepare(sql, hasRows)
      return (values) => statement(bind(values)) as never
    },
    statement(sql) {
      const statement = prepare(sql, /^select/.test(sql))
      return (...values) => statement(values)
    },
    words: () => preparePostgresWords(database),
    begin() {
      connection = ask({ text: 'begin' }).connection
    },
    commit() {
      const { command } = run({ text: 'commit' })
      connection = undefined
      // What PostgreSQL says of a transaction in which a statement has failed.
      if (command !== 'COMMIT') throw new Error('a transaction was taken back although every job in it succeeded')
    },
    rollback() {
      if (connection === undefined) return
      const own = connection
      connection = undefined
      ask({ text: 'rollback', connection: own })
    },
    probe: () => void run({ text: 'update indexed set last = last' }),
    isFailure,
    backUp: undefined,
    scrub,
    close: end,
  }
  return database
}

function explain(error: unknown, url: string): Error {
  const { message: reason } = (error instanceof PostgresError ? error.cause : error) as Error
  const { host = '', pathname = '' } = URL.parse(url) ?? {}
  const place = `The PostgreSQL database ${host}${pathname}`
  if (error instanceof PostgresError && error.state === LOCK_NOT_AVAILABLE)
    return new Error(
      `${place} is in use. Is another Maru running on it? Stop it, or choose another one with --database.`,
    )
  return new Error(`${place} cannot be used (${reason}). Check --database and whether the server runs.`, {
    cause: error,
  })
}
