import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '@maru/protocol'
import type { Blobs } from './blobs.ts'
import type { Storage } from './open-storage.ts'
import { sync } from './sync.ts'

export interface BackUpSource {
  storage: Storage
  blobs: Blobs
  /** The data folder. */
  data: string
}

/**
 * Copies the data folder while the server runs: all that was acknowledged before the call is in it. It stands under its name only when it is
 * whole. Files come before and after the database, so that each message in it has its files unless it is deleted meanwhile.
 * @throws an Error of the disk, or storage_unavailable with what to do where the database is no file
 */
export async function backUp({ storage, blobs, data }: BackUpSource, folder: string): Promise<{ files: number }> {
  if (!storage.backUp)
    throw new AppError(
      'storage_unavailable',
      `The messages are in PostgreSQL: back them up with pg_dump, and with them keys.json and the folder files of ${data}.`,
    )
  const unfinished = `${folder}.unfinished`
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
    await blobs.copyTo(join(unfinished, 'files'))
    storage.backUp(join(unfinished, 'maru.db'))
    const files = await blobs.copyTo(join(unfinished, 'files'))
    for (const name of ['keys.json', 'tls'])
      await cp(join(data, name), join(unfinished, name), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    await sync(unfinished, 'r')
    await rename(unfinished, folder)
    await sync(dirname(folder), 'r')
    return { files }
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

/** A name that sorts by time. */
export const backupName = (now: number): string => new Date(now).toISOString().replaceAll(':', '-')
