/**
 * The bytes of files, in a folder: what has come whole under the hash of its content, what is still coming under the id of its upload. No name
 * here comes from outside. What is said to be stored is on the disk.
 */
import { createHash } from 'node:crypto'
import { createReadStream, type ReadStream } from 'node:fs'
import { mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@maru/protocol'

export interface Blobs {
  /** How many bytes of an upload are there. */
  received(upload: string): Promise<number>
  /**
   * Adds to an upload from `offset` on, never beyond `size`; what has come before the source broke off stays. Gives the bytes that are there now.
   * @throws file_too_large, storage_unavailable, and whatever the source throws
   */
  append(upload: string, offset: number, size: number, source: AsyncIterable<Uint8Array>): Promise<number>
  /** Puts a whole upload where its content belongs and gives its hash. */
  finish(upload: string): Promise<string>
  read(hash: string, range: { start: number; end: number }): ReadStream
  /** Lets go of an upload or a content; there may be none. */
  removeUpload(upload: string): Promise<void>
  remove(hash: string): Promise<void>
}

export function openBlobs(folder: string): Blobs {
  const uploads = join(folder, 'uploads')
  const uploadOf = (id: string) => join(uploads, checked(id, /^FI_[0-9A-Za-z]{16}$/))
  const folderOf = (hash: string) => join(folder, checked(hash, /^[0-9a-f]{64}$/).slice(0, 2))
  const fileOf = (hash: string) => join(folderOf(hash), hash)

  return {
    received: (upload) => sizeOf(uploadOf(upload)),
    async append(upload, offset, size, source) {
      await mkdir(uploads, { recursive: true, mode: 0o700 })
      const file = await open(uploadOf(upload), offset === 0 ? 'w' : 'r+', 0o600).catch(unavailable)
      let at = offset
      try {
        for await (const chunk of source) {
          if (at + chunk.length > size)
            throw new AppError('file_too_large', 'More bytes than the upload was announced with.')
          await file.write(chunk, 0, chunk.length, at).catch(unavailable)
          at += chunk.length
        }
      } finally {
        await file.close()
      }
      return at
    },
    async finish(upload) {
      const from = uploadOf(upload)
      const hash = await hashOf(from)
      try {
        await mkdir(folderOf(hash), { recursive: true, mode: 0o700 })
        const file = await open(from, 'r+')
        await file.sync().finally(() => file.close())
        await rename(from, fileOf(hash))
        const into = await open(folderOf(hash), 'r')
        await into.sync().finally(() => into.close())
      } catch (error) {
        return unavailable(error)
      }
      return hash
    },
    read: (hash, range) => createReadStream(fileOf(hash), range),
    removeUpload: (upload) => removeFile(uploadOf(upload)),
    remove: (hash) => removeFile(fileOf(hash)),
  }
}

/** The last line of defence: callers give ids and hashes of the database only. */
function checked(name: string, form: RegExp): string {
  if (!form.test(name)) throw new Error('this is no name of a file of ours')
  return name
}

function unavailable(cause: unknown): never {
  throw new AppError('storage_unavailable', undefined, { cause })
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}
