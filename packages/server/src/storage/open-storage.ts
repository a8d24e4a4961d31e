/**
 * Everything that lasts, in one SQLite file or a PostgreSQL database: rooms, members, the log of each room. Knows rows, not rights; rows never leave this folder.
 * Reading is synchronous. Writing goes through `write`, which groups commits and answers when the data is on the disk.
 */
import type { Database } from './database.ts'
import { type EntryLog, prepareEntries } from './entries.ts'
import { type FileRecords, prepareFiles } from './file-records.ts'
import { type HookRecords, prepareHooks } from './hooks.ts'
import { type MemberRecords, prepareMembers } from './members.ts'
import { type MembershipRecords, prepareMemberships } from './memberships.ts'
import { type OpinionRecords, prepareOpinions } from './opinions.ts'
import { openPostgres } from './postgres.ts'
import { type PresenceRecords, preparePresence } from './presence-records.ts'
import { prepareRooms, type RoomRecords } from './rooms.ts'
import { prepareSearchIndex, type SearchIndex } from './search-index.ts'
import { prepareSent, type SentRecords } from './sent.ts'
import { prepareSessions, type SessionRecords } from './sessions.ts'
import { openSqlite } from './sqlite.ts'
import { createWriter, type Writer } from './writer.ts'

export interface StoredTables {
  rooms: RoomRecords
  entries: EntryLog
  opinions: OpinionRecords
  search: SearchIndex
  sent: SentRecords
  files: FileRecords
  hooks: HookRecords
  members: MemberRecords
  sessions: SessionRecords
  memberships: MembershipRecords
  presence: PresenceRecords
}

export interface Storage {
  /** To be used for reading only; changes belong into a job of `write`. */
  read: StoredTables
  write: Writer<StoredTables>['write']
  /** Writes something that changes nothing. @throws storage_unavailable */
  probe(): Promise<void>
  /** Writes all of it into a new file. Undefined where the database brings its own tools for that. */
  backUp: Database['backUp']
  /** Takes off the disk what is no longer stored, or begins to. */
  scrub: Database['scrub']
  /** Stores what waits and closes the file. */
  close(): void
}

export interface StorageOptions {
  /** A file of SQLite (`:memory:` keeps nothing), or `postgres://…`. */
  database: string
  now?: () => number
  /** How long to wait for another process that uses the file. */
  busyTimeoutMs?: number
  /** How long to wait at the start for a server of PostgreSQL that is not there yet. */
  patienceMs?: number
  /** Told, once, that it is waited for, and why. */
  waiting?: (reason: string) => void
  /** How often its tables are cleaned of what was deleted at most, and again after that has failed; and who is told why. */
  scrubEveryMs?: number
  scrubFailed?: (reason: string) => void
  /** Told of every failure of the disk. */
  failed?: (error: unknown) => void
}

/** @throws an Error with a message for the person who started the server */
export function openStorage({ database, now = Date.now, busyTimeoutMs, failed, ...options }: StorageOptions): Storage {
  const db: Database = isPostgres(database)
    ? openPostgres(database, { ...options, failed })
    : openSqlite(database, busyTimeoutMs)
  const tables = prepareTables(db, now)
  const writer = createWriter(db, tables, failed)
  let open = true
  return {
    read: tables,
    write: writer.write,
    probe: () => writer.write(db.probe),
    backUp: db.backUp,
    scrub: db.scrub,
    close() {
      if (!open) return
      open = false
      writer.close()
      db.close()
    },
  }
}

/** Whether it is the address of a PostgreSQL database and no file. */
export const isPostgres = (database: string): boolean => /^postgres(ql)?:\/\//.test(database)

export function prepareTables(db: Database, now: () => number): StoredTables {
  const opinions = prepareOpinions(db)
  const search = prepareSearchIndex(db)
  return {
    rooms: prepareRooms(db, now),
    entries: prepareEntries(db, { opinions, search }, now),
    opinions,
    search,
    sent: prepareSent(db, now),
    files: prepareFiles(db, now),
    hooks: prepareHooks(db, now),
    members: prepareMembers(db, now),
    sessions: prepareSessions(db, now),
    memberships: prepareMemberships(db),
    presence: preparePresence(db),
  }
}
