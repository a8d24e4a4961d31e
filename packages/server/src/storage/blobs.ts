/**
 * The bytes of files, in a folder: what has come whole under the hash of its content, what is still coming under the id of its upload. No name
 * here comes from outside. What is said to be stored is on the disk.
 */
import { createHash } from 'node:crypto'
import { createReadStream, type ReadStream } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, rename, stat, statfs, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@maru/protocol'
import { sync } from './sync.ts'

export interface Blobs {
  /** How many bytes of an upload are there. */
  received(upload: string): Promise<number>
  /**
   * Adds to an upload from `offset` on, never beyond `size`; what has come before the source broke off stays. Gives the bytes that are there now.
   * @throws files_full, file_too_large, storage_unavailable, and whatever the source throws
   */
  append(upload: string, offset: number, size: number, source: AsyncIterable<Uint8Array>): Promise<number>
  /**
   * Puts a whole upload where its content belongs and has `keep` remember the hash. Nothing is removed in between, so a content that is just
   * being let go of elsewhere is not taken from under it.
   * @throws file_gone where the upload was given up meanwhile, storage_unavailable
   */
  finish(upload: string, keep: (hash: string) => Promise<void>): Promise<void>
  /** Puts everything that has come whole into another folder too, as far as it is not there; it is on the disk then. Gives how many there are. */
  copyTo(folder: string): Promise<number>
  read(hash: string, range: { start: number; end: number }): ReadStream
  /** Lets go of an upload or a content; there may be none. `isHeld` is asked last, when nothing can begin to need it any more. */
  removeUpload(upload: string): Promise<void>
  remove(hash: string, isHeld: () => boolean): Promise<void>
  /** Lets go of what a crash has left between the disk and the database: uploads nobody knows, contents that had just come. */
  sweep(known: { isKnown: (upload: string) => boolean; isHeld: (hash: string) => boolean }): Promise<void>
  /** Writes something and takes it away again. @throws storage_unavailable */
  probe(): Promise<void>
}

export interface BlobOptions {
  /** Told of every failure of the disk. */
  failed?: (error: unknown) => void
  /** Bytes of the disk that files leave free, so that messages can go on when no more files fit. */
  spare?: number
}

const SPARE_BYTES = 64_000_000
/** So much has to fit before the disk counts as working again: what fits for a moment only would come and go. */
const PROBE_BYTES = 1_000_000

export function openBlobs(folder: string, { failed = () => {}, spare = SPARE_BYTES }: BlobOptions = {}): Blobs {
  const uploads = join(folder, 'uploads')
  const uploadOf = (id: string) => join(uploads, checked(id, UPLOAD))
  const folderOf = (hash: string) => join(folder, checked(hash, CONTENT).slice(0, 2))
  const fileOf = (hash: string) => join(folderOf(hash), hash)
  const markOf = (upload: string, hash: string) => `${uploadOf(upload)}.${checked(hash, CONTENT)}`
  /** Contents come and go one at a time. */
  let last: Promise<unknown> = Promise.resolve()
  function inTurn<Result>(job: () => Promise<Result>): Promise<Result> {
    const mine = last.then(job)
    last = mine.catch(() => {})
    return mine
  }

  const remove = (hash: string, isHeld: () => boolean): Promise<void> =>
    inTurn(async () => {
      if (!isHeld()) await removeFile(fileOf(hash))
    })

  function unavailable(cause: unknown): never {
    failed(cause)
    throw new AppError('storage_unavailable', undefined, { cause })
  }
  function goneOrUnavailable(error: unknown): never {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new AppError('file_gone')
    return unavailable(error)
  }

  return {
    received: (upload) => sizeOf(uploadOf(upload)),
    async append(upload, offset, size, source) {
      await mkdir(uploads, { recursive: true, mode: 0o700 }).catch(unavailable)
      const { bavail, bsize } = await statfs(uploads).catch(unavailable)
      if (bavail * bsize < size - offset + spare) throw new AppError('files_full')
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
    async finish(upload, keep) {
      const from = uploadOf(upload)
      const hash = await hashOf(from).catch(goneOrUnavailable)
      await inTurn(async () => {
        try {
          await mkdir(folderOf(hash), { recursive: true, mode: 0o700 })
          await sync(from, 'r+')
          await writeFile(markOf(upload, hash), '', { mode: 0o600 })
          await sync(uploads, 'r')
          await rename(from, fileOf(hash))
          await sync(folderOf(hash), 'r')
        } catch (error) {
          // The upload was given up meanwhile.
          await removeFile(markOf(upload, hash)).catch(() => {})
          return goneOrUnavailable(error)
        }
        await keep(hash)
        await removeFile(markOf(upload, hash))
      })
    },
    async copyTo(target) {
      let count = 0
      for (const part of await readdir(folder).catch(() => [])) {
        if (!/^[0-9a-f]{2}$/.test(part)) continue
        await mkdir(join(target, part), { recursive: true, mode: 0o700 })
        for (const name of await readdir(join(folder, part))) {
          await addLink(join(folder, part, name), join(target, part, name))
          count += 1
        }
        await sync(join(target, part), 'r')
      }
      return count
    },
    read: (hash, range) => createReadStream(fileOf(hash), range),
    removeUpload: (upload) => removeFile(uploadOf(upload)),
    remove,
    async probe() {
      const file = join(uploads, 'probe')
      try {
        await mkdir(uploads, { recursive: true, mode: 0o700 })
        await writeFile(file, Buffer.alloc(PROBE_BYTES), { mode: 0o600, flush: true })
      } catch (error) {
        unavailable(error)
      } finally {
        await removeFile(file).catch(() => {})
      }
    },
    async sweep({ isKnown, isHeld }) {
      for (const name of await namesIn(uploads)) {
        const [, upload = '', hash] = MARK.exec(name) ?? []
        if (hash !== undefined) {
          await remove(hash, () => isHeld(hash))
          await removeFile(markOf(upload, hash))
        } else if (UPLOAD.test(name) && !isKnown(name)) await removeFile(uploadOf(name))
      }
    },
  }
}

const UPLOAD = /^FI_[0-9A-Za-z]{16}$/
const CONTENT = /^[0-9a-f]{64}$/
/** Stands for an upload while its content is put in its place and nobody knows yet that it is there. */
const MARK = /^(FI_[0-9A-Za-z]{16})\.([0-9a-f]{64})$/

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

/** The last line of defence: callers give ids and hashes of the database only. */
function checked(name: string, form: RegExp): string {
  if (!form.test(name)) throw new Error('this is no name of a file of ours')
  return name
}

/** What has come whole never changes: another name for it is as good as a copy, where the disk is the same. */
async function addLink(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'ENOENT') return // is there already, or nobody needs it any more
    await copyFile(from, to)
    await sync(to, 'r+')
  }
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
