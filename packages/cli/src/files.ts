import { constants, openAsBlob, statSync } from 'node:fs'
import { access, open, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, extname, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { uploadFile } from '@maru/client'
import { AppError, type FileInfo } from '@maru/protocol'
import { harmless } from './format-entry.ts'

/** Where files go and who sends them. */
export interface FileServer {
  /** As `https://host:port`. */
  server: string
  room: string
  token: string
  fetcher: typeof fetch
}

/** What is shown in place elsewhere; everything else is only saved. */
const TYPES: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.wav': 'audio/wav',
  '.pdf': 'application/pdf',
  '.txt': 'text/plain',
}

/** @throws AppError, and the errors of the file system */
export async function sendFile(where: FileServer, typed: string): Promise<FileInfo> {
  const path = atHome(typed)
  const type = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream'
  await access(path, constants.R_OK) // says which file it is that cannot be read
  if (!statSync(path).isFile()) throw Object.assign(new Error('no file'), { code: 'ENOENT', path })
  const content = await openAsBlob(path)
  return await uploadFile({ ...where, announced: { name: basename(path), type }, content })
}

/**
 * Saves a file of a message into a folder or under a name; nothing that is there is written over.
 * @throws AppError, and the errors of the file system
 */
export async function saveFile({ server, fetcher }: FileServer, file: FileInfo, typed = '.'): Promise<string> {
  const to = atHome(typed)
  const isFolder = statSync(to, { throwIfNoEntry: false })?.isDirectory() === true
  const path = isFolder ? join(to, ownName(file.name)) : to
  const target = await open(path, 'wx')
  try {
    const answer = await fetcher(`${server}/files/${file.id}/file`).catch(lost)
    if (!answer.ok || !answer.body) throw new AppError('file_gone')
    await pipeline(Readable.fromWeb(answer.body as never), exactly(file.size), target.createWriteStream())
  } catch (error) {
    // Half a file would look like a whole one, and be in the way of the next attempt.
    await target.close()
    await rm(path, { force: true })
    if (error instanceof AppError || OF_THE_DISK.includes(String((error as NodeJS.ErrnoException).code))) throw error
    lost(error)
  }
  return path
}

/** `~` is the own folder, as in any terminal. */
const atHome = (path: string): string => path.replace(/^~(?=[/\\]|$)/, () => homedir())

const OF_THE_DISK = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO']

function lost(cause: unknown): never {
  throw new AppError('disconnected', undefined, { cause })
}

/** Lets a file pass whole, neither shorter nor longer than it was said to be. */
function exactly(size: number): Transform {
  let left = size
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length
      done(left < 0 ? new Error('more came than was announced') : null, chunk)
    },
    flush: (done) => done(left > 0 ? new Error('less came than was announced') : null),
  })
}

/** What file systems take, in bytes. */
const MAX_NAME = 255

/** A name that somebody else has chosen, as one of a file in the folder and nowhere else. Its end stays: it says what the file is. */
export function ownName(name: string): string {
  const plain = harmless(name.replace(/[/\\:*?"<>|\n]/g, '_')).replace(/^\.+/, '_') || 'file'
  const end = /\.[^.]{1,16}$/.exec(plain)?.[0] ?? ''
  let stem = Array.from(plain.slice(0, plain.length - end.length))
  while (Buffer.byteLength(stem.join('') + end) > MAX_NAME) stem = stem.slice(0, -1)
  return stem.join('') + end
}
