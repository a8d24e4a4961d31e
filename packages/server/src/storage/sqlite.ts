/** The database as one file of SQLite. */
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { nameKey } from '@maru/protocol'
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector } from 'kysely'
import { compile, type Database } from './database.ts'
import { foldTextBefore, indexScope } from './fold-text.ts'
import { StableLimits } from './sqlite-limits.ts'
import { migrations } from './sqlite-schema.ts'
import { prepareSqliteWords } from './sqlite-words.ts'
import type { Tables } from './tables.ts'

export interface SqliteDatabase extends Database {
  /** Prepares SQL that Kysely cannot write. */
  statement(sql: string): (...values: SQLInputValue[]) => Record<string, unknown>[]
  exec(sql: string): void
}

/**
 * Opens the file (`:memory:` for none), making its folder and bringing it to the newest version.
 * @throws an Error whose message tells a person what is wrong with the file or folder and what to do
 */
export function openSqlite(file: string, busyTimeoutMs = 2_000): SqliteDatabase {
  let db: DatabaseSync | undefined
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    db = new DatabaseSync(file, { timeout: busyTimeoutMs })
    // In WAL mode only `full` syncs at every commit. Exclusive: a second server on the same folder is told so at its start.
    // Secure: what is deleted is overwritten, for a room that promises to keep nothing.
    db.exec(`pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full;
      pragma secure_delete = on; pragma journal_size_limit = 67108864; pragma cache_size = -8000;`)
    db.function('fold_text', { deterministic: true }, (text) => foldTextBefore(String(text)))
    db.function('index_scope', { deterministic: true }, (room, member, files) =>
      indexScope(Number(room), String(member), Number(files)),
    )
    db.function('name_key', { deterministic: true }, (name) => nameKey(String(name)))
    checkWhole(db, file)
    migrate(db)
    db.exec('pragma foreign_keys = on')
  } catch (error) {
    db?.close()
    throw explain(error, file)
  }
  return wrap(db)
}

function wrap(db: DatabaseSync): SqliteDatabase {
  // Kysely only writes and types the queries; they run synchronously on the one connection.
  const tables = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new StableLimits(),
    },
  })
  const [begin, commit] = [db.prepare('begin immediate'), db.prepare('commit')]
  const database: SqliteDatabase = {
    query: () => (build) => {
      const { sql, bind } = compile(tables, build)
      const statement = db.prepare(sql)
      return (values) => statement.all(...(bind(values) as SQLInputValue[])) as never
    },
    statement(sql) {
      const statement = db.prepare(sql)
      return (...values) => statement.all(...values)
    },
    words: () => prepareSqliteWords(database),
    begin: () => void begin.run(),
    commit: () => void commit.run(),
    rollback() {
      if (db.isTransaction) db.exec('rollback')
    },
    probe: () => db.exec(`pragma user_version = ${migrations.length}`),
    isFailure(error) {
      const code = sqliteCode(error)
      return code !== undefined && unavailable.includes(code)
    },
    exec: (sql) => db.exec(sql),
    backUp(file) {
      db.prepare('vacuum into ?').run(file)
      const copy = openSync(file, 'r+')
      fsyncSync(copy)
      closeSync(copy)
    },
    // The log ahead of the file holds the pages as they were until it is written over, which may take weeks.
    scrub: () => db.exec('pragma wal_checkpoint(truncate)'),
    close: () => db.close(),
  }
  return database
}

/** Reading all of a file this large takes a tenth of a second. What is damaged in a larger one is found when it is read. */
const CHECKED_BYTES = 50_000_000

function checkWhole(db: DatabaseSync, file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > 0 && size <= CHECKED_BYTES) checkDatabase(db)
}

/** @throws the first of what is wrong with the file */
function checkDatabase(db: DatabaseSync): void {
  const found = db.prepare('pragma quick_check(1)').get()?.quick_check
  if (found !== 'ok') throw Object.assign(new Error(String(found)), { errcode: CORRUPT })
}

function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare('pragma user_version').get()?.user_version)
  if (version > migrations.length)
    throw new Error(`it was written by a newer Maru (version ${version}, this one knows ${migrations.length})`)
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    db.exec('begin immediate')
    try {
      db.exec(`${sql}; pragma user_version = ${index + 1}`)
      db.exec('commit')
    } catch (error) {
      if (db.isTransaction) db.exec('rollback')
      throw error
    }
  }
}

const BUSY = 5
const LOCKED = 6
const READ_ONLY = 8
const IO_ERROR = 10
const CORRUPT = 11
const FULL = 13
const CANNOT_OPEN = 14
const NOT_A_DATABASE = 26
const unavailable = [BUSY, LOCKED, READ_ONLY, IO_ERROR, CORRUPT, FULL, CANNOT_OPEN, NOT_A_DATABASE]

/** The primary result code of SQLite behind an error; `undefined` where SQLite was not the one to throw. */
function sqliteCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}

function explain(error: unknown, file: string): Error {
  const reason = error instanceof Error ? error.message : String(error)
  const code = sqliteCode(error)
  const folder = dirname(file)
  if (code === NOT_A_DATABASE || code === CORRUPT)
    return new Error(
      `The database ${file} is damaged (${reason}). Put a backup of the folder in its place, or move the file away together with its -wal and -shm files to begin anew.`,
      { cause: error },
    )
  if (code === BUSY || code === LOCKED)
    return new Error(
      `The database ${file} is in use. Is another Maru running on this data folder? Stop it, or choose another folder with --data.`,
      { cause: error },
    )
  if (code === FULL)
    return new Error(`The disk of ${folder} is full. Make room, or choose another folder with --data.`, {
      cause: error,
    })
  if (/newer Maru/.test(reason))
    return new Error(
      `The database ${file} cannot be used: ${reason}. Start the newer one, or choose another folder with --data.`,
    )
  return new Error(
    `Maru cannot write to the data folder ${folder} (${reason}). Make it writable for this user, or choose another folder with --data.`,
    { cause: error },
  )
}
