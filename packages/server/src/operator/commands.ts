/** What who runs the server can do from the command line: one table. */
import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { cp, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readRoomName } from '@maru/protocol'
import { exportRoom } from '../chat/export-room.ts'
import { createBus } from '../events/bus.ts'
import { makeBot } from '../rooms/bots.ts'
import { backUp, backupName } from '../storage/back-up.ts'
import { openBlobs } from '../storage/blobs.ts'
import { isPostgres, openStorage, type Storage } from '../storage/open-storage.ts'
import type { Ask } from './ask-server.ts'

/** What was typed makes no sense; the message says what would. */
export class WrongUse extends Error {}

interface Given {
  data: string
  /** The address of a PostgreSQL database, where the messages are not in the folder. */
  database?: string | undefined
  words: readonly string[]
  ask: Ask
}

export interface Command {
  takes: string
  help: string
  /** Gives what to print. */
  run(given: Given): Promise<string>
}

const RIGHTS = ['read', 'write', 'manage', 'call'] as const

export const commands: Record<string, Command> = {
  backup: {
    takes: '[FOLDER]',
    help: 'copies all data, also while the server runs (default: into backups/ in the data folder)',
    async run({ data, database, words: [target], ask }) {
      if (target !== undefined && existsSync(target))
        throw new WrongUse(`${target} is there already. Name a new folder.`)
      const answer = await ask('POST', '/api/backups')
      const { folder } = answer
        ? ((await answer.json()) as { folder: string })
        : await withStorage({ data, database }, async (storage) => {
            const folder = join(data, 'backups', backupName(Date.now()))
            await backUp({ storage, blobs: openBlobs(join(data, 'files')), data }, folder)
            return { folder }
          })
      if (target === undefined) return `The backup is ${folder}`
      const to = resolve(target)
      await moveWhole(folder, to).catch((cause: Error) => {
        throw new Error(`The backup is whole, but could not be brought to ${to} (${cause.message}). It is ${folder}`, {
          cause,
        })
      })
      return `The backup is ${to}`
    },
  },
  restore: {
    takes: 'FOLDER',
    help: 'puts a backup in place of the data folder, which is kept beside it; the server must not run',
    async run({ data, database, words: [from], ask }) {
      if (database !== undefined) throw new WrongUse('The messages are in PostgreSQL: restore them with pg_restore.')
      if (from === undefined) throw new WrongUse('Name the folder of a backup.')
      if (!existsSync(join(from, 'maru.db'))) throw new WrongUse(`${from} is no backup: it holds no maru.db.`)
      if (await ask('GET', '/api/openapi.json')) throw new WrongUse('The server is running. Stop it first.')
      checkUnused(join(data, 'maru.db'))
      const next = `${data}.restoring`
      await rm(next, { recursive: true, force: true })
      try {
        await cp(from, next, { recursive: true })
        openStorage({ database: join(next, 'maru.db') }).close()
      } catch (error) {
        await rm(next, { recursive: true, force: true })
        throw error
      }
      const before = `${data}.before-${backupName(Date.now())}`
      if (existsSync(data)) await rename(data, before)
      await rename(next, data)
      return `${data} is the backup now.${existsSync(before) ? ` What was there before is ${before}` : ''}`
    },
  },
  export: {
    takes: 'ROOM FILE',
    help: 'writes a room into a file: a page where its name ends in .html, else JSON. Without private messages',
    async run({ data, database, words: [rawRoom, file], ask }) {
      if (rawRoom === undefined || file === undefined) throw new WrongUse('Name the room and the file.')
      const room = readRoomName(rawRoom)
      const format = /\.html?$/i.test(file) ? 'html' : 'json'
      const { timeZone: zone } = new Intl.DateTimeFormat().resolvedOptions()
      const path = `/api/rooms/${encodeURIComponent(room)}/export.${format}`
      const answer = await ask('GET', format === 'html' ? `${path}?zone=${encodeURIComponent(zone)}` : path)
      const write = (source: Readable) => pipeline(source, createWriteStream(file, { mode: 0o600 }))
      if (answer?.body) await write(Readable.fromWeb(answer.body as never))
      else
        await withStorage({ data, database }, (storage) => {
          const pieces = exportRoom(storage, { room, zone, now: Date.now() }, format)
          return write(Readable.from(pieces))
        })
      return `${room} is in ${resolve(file)}`
    },
  },
  bot: {
    takes: 'ROOM NAME RIGHT...',
    help: 'lets a bot into a room and prints its token. Rights: read, write, manage, call',
    async run({ data, database, words: [rawRoom, name, ...given], ask }) {
      const rights = RIGHTS.filter((right) => given.includes(right))
      const strange = given.find((right) => !RIGHTS.some((known) => known === right))
      if (strange !== undefined) throw new WrongUse(`"${strange}" is no right: ${RIGHTS.join(', ')}.`)
      if (rawRoom === undefined || name === undefined || rights.length === 0)
        throw new WrongUse('Name the room, the bot and its rights.')
      const room = readRoomName(rawRoom)
      const answer = await ask('POST', `/api/rooms/${encodeURIComponent(room)}/bots`, { name, rights })
      if (answer) return ((await answer.json()) as { token: string }).token
      return withStorage({ data, database }, async (storage) => {
        const context = { storage, bus: createBus(), random: randomBytes }
        return (await makeBot(context, { room }, { name, rights })).token
      })
    },
  },
}

/** To where may be another disk; what stands under its name is whole. */
async function moveWhole(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch {
    const unfinished = `${to}.unfinished`
    try {
      await cp(from, unfinished, { recursive: true })
      await rename(unfinished, to)
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true })
      throw error
    }
    await rm(from, { recursive: true })
  }
}

/** A server that could not leave word where it is, on a full disk, holds the database all the same. Damaged or absent, nobody uses it. */
function checkUnused(database: string): void {
  if (!existsSync(database)) return
  try {
    openStorage({ database }).close()
  } catch (error) {
    if (/ is in use\./.test((error as Error).message)) throw error
  }
}

async function withStorage<Result>(
  { data, database = join(data, 'maru.db') }: Pick<Given, 'data' | 'database'>,
  work: (storage: Storage) => Promise<Result>,
): Promise<Result> {
  if (!isPostgres(database) && !existsSync(database))
    throw new WrongUse(`${data} is no data folder of Maru: it holds no maru.db. Name it with --data.`)
  const storage = openStorage({ database })
  try {
    return await work(storage)
  } finally {
    storage.close()
  }
}

export function usage(): string {
  const rows = Object.entries(commands).map(([name, { takes, help }]) => [`${name} ${takes}`, help] as const)
  const width = Math.max(...rows.map(([left]) => left.length))
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
  return `npm run maru -- COMMAND [--data FOLDER] [--database URL]\n\n${lines.join('\n')}`
}
