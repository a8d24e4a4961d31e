/**
 * Everything that lasts, in one SQLite file: rooms, members, the log of each room. Knows rows, not rights; rows never leave this folder.
 * Reading is synchronous. Writing goes through `write`, which groups commits and answers when the data is on the disk.
 */
import { type Database, openDatabase } from './database.ts'
import { type EntryLog, prepareEntries } from './entries.ts'
import { type MemberRecords, prepareMembers } from './members.ts'
import { type PresenceRecords, preparePresence } from './presence-records.ts'
import { createWriter, type Writer } from './writer.ts'

export interface StoredTables {
  entries: EntryLog
  members: MemberRecords
  presence: PresenceRecords
}

export interface Storage {
  /** To be used for reading only; changes belong into a job of `write`. */
  read: StoredTables
  write: Writer<StoredTables>['write']
  /** Stores what waits and closes the file. */
  close(): void
}

export interface StorageOptions {
  /** `:memory:` keeps nothing. */
  file: string
  now?: () => number
  /** How long to wait for another process that uses the file. */
  busyTimeoutMs?: number
  /** Told of every failure of the disk. */
  failed?: (error: unknown) => void
}

/** @throws an Error with a message for the person who started the server */
export function openStorage({ file, now = Date.now, busyTimeoutMs, failed }: StorageOptions): Storage {
  const db: Database = openDatabase(file, busyTimeoutMs)
  const tables: StoredTables = {
    entries: prepareEntries(db, now),
    members: prepareMembers(db, now),
    presence: preparePresence(db),
  }
  const writer = createWriter(db, tables, failed)
  let open = true
  return {
    read: tables,
    write: writer.write,
    close() {
      if (!open) return
      open = false
      writer.close()
      db.close()
    },
  }
}
