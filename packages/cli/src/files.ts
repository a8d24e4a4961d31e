import { constants, createWriteStream, openAsBlob, statSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { Readable } from 'node:stream'
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
export async function sendFile(where: FileServer, path: string): Promise<FileInfo> {
  const type = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream'
  await access(path, constants.R_OK) // says which file it is that cannot be read
  const content = await openAsBlob(path)
  return await uploadFile({ ...where, announced: { name: basename(path), type }, content })
}

/**
 * Saves a file of a message into a folder or under a name; nothing that is there is written over.
 * @throws AppError, and the errors of the file system
 */
export async function saveFile({ server, fetcher }: FileServer, file: FileInfo, to = '.'): Promise<string> {
  const isFolder = statSync(to, { throwIfNoEntry: false })?.isDirectory() === true
  const path = isFolder ? join(to, ownName(file.name)) : to
  const answer = await fetcher(`${server}/files/${file.id}/file`)
  if (!answer.ok || !answer.body) throw new AppError('file_gone')
  await pipeline(Readable.fromWeb(answer.body as never), createWriteStream(path, { flags: 'wx' }))
  return path
}

/** A name that somebody else has chosen, as one of a file in the folder and nowhere else. */
function ownName(name: string): string {
  return harmless(name.replace(/[/\\:*?"<>|\n]/g, '_')).replace(/^\.+/, '_') || 'file'
}
