/** Files on their way to a message: announced, then sent in pieces, each going on where the last one ended. */
import { type Announcement, AppError, createId, type FileInfo, type RandomBytes, readFileName } from '@maru/protocol'
import type { Bus } from '../events/bus.ts'
import { type Actor, refusable } from '../rooms/append-entry.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { StoredFile } from '../storage/file-records.ts'
import type { Storage } from '../storage/open-storage.ts'

export interface UploadContext {
  storage: Storage
  bus: Bus
  blobs: Blobs
  random: RandomBytes
  /** The largest file and all files together, in bytes. */
  fileBytes: number
  totalBytes: number
}

/** Most uploads of one member that belong to no message yet. */
const MAX_UNSENT = 50
/** And the part of all room for files that they may take: who announces and never sends keeps nobody else from sending. */
const MAX_UNSENT_PART = 0.1

/**
 * Makes room for a file.
 * @throws file_bad, file_too_large, files_full, too_fast, storage_unavailable
 */
export async function startUpload(
  { storage, random, fileBytes, totalBytes }: UploadContext,
  { room, member }: Actor,
  announced: Announcement,
): Promise<FileInfo> {
  const type = announced.type.toLowerCase()
  if (!/^[a-z]+\/[a-z0-9][a-z0-9.+-]*$/.test(type))
    throw new AppError('file_bad', 'The media type is not of the form "image/png".', { field: 'type' })
  const { size } = announced
  if (size < 1) throw new AppError('file_bad', 'The file is empty.', { field: 'size' })
  if (size > fileBytes)
    throw new AppError(
      'file_too_large',
      `A file has at most ${megabytes(fileBytes)}; this one has ${megabytes(size)}.`,
      {
        field: 'size',
      },
    )
  const info = { ...announced, id: createId('FI_', random), name: readFileName(announced.name), type }
  const refusal = await storage.write((tables) =>
    refusable(() => {
      const { files, rooms } = tables
      if (files.totalBytes() + size > totalBytes)
        throw new AppError(
          'files_full',
          `The server keeps at most ${megabytes(totalBytes)} of files, and there is no room for ${megabytes(size)} more. Delete messages with files, or ask who runs the server.`,
        )
      const unsent = files.unsent(member.id)
      if (unsent.count >= MAX_UNSENT || unsent.bytes + size > Math.max(fileBytes, totalBytes * MAX_UNSENT_PART))
        throw new AppError('too_fast', 'Too many files wait to be sent: send or cancel some of them first.')
      files.insert({ info, roomId: rooms.ensure(room), member: member.id })
    }),
  )
  if (refusal instanceof AppError) throw refusal
  return info
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.ceil(bytes / 1_000))} KB` : `${Math.round(bytes / 100_000) / 10} MB`
}

/**
 * An upload of one's own.
 * @throws file_gone
 */
export function findUpload({ storage }: Pick<UploadContext, 'storage'>, member: string, id: string): StoredFile {
  const file = storage.read.files.find(id)
  if (!file || file.member !== member) throw new AppError('file_gone')
  return file
}

/** How many bytes of it are there. */
export async function receivedBytes({ blobs }: Pick<UploadContext, 'blobs'>, file: StoredFile): Promise<number> {
  return file.hash === undefined ? await blobs.received(file.info.id) : file.info.size
}

/** Uploads that are being written to in this moment. */
const busy = new Set<string>()

/**
 * Adds a piece that begins at `offset`. Gives the bytes that are there; with the last of them the file can be sent.
 * @throws offset_wrong, file_too_large, file_gone, storage_unavailable
 */
export async function continueUpload(
  context: UploadContext,
  file: StoredFile,
  offset: number,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  const { blobs } = context
  const { id, size } = file.info
  if (busy.has(id)) throw new AppError('offset_wrong', 'Another piece of this file is just arriving.')
  busy.add(id)
  try {
    const there = await receivedBytes(context, file)
    if (offset !== there) throw new AppError('offset_wrong', `The upload goes on at ${there}.`, { field: 'offset' })
    const received = file.hash === undefined ? await blobs.append(id, offset, size, source) : size
    if (received === size && file.hash === undefined) await complete(context, id)
    return received
  } finally {
    busy.delete(id)
  }
}

/** Its content counts from now on, unless it was given up meanwhile: then what has come of it goes. */
async function complete({ storage, blobs }: UploadContext, id: string): Promise<void> {
  let hash = ''
  await blobs.finish(id, async (found) => {
    hash = found
    await storage.write(({ files }) => files.complete(id, found))
  })
  if (storage.read.files.find(id)) return
  await blobs.remove(hash, () => storage.read.files.holds(hash))
  throw new AppError('file_gone')
}

/**
 * Gives up an upload that belongs to no message.
 * @throws file_used, storage_unavailable
 */
export async function cancelUpload({ storage, bus }: UploadContext, file: StoredFile): Promise<void> {
  if (file.seq !== undefined) throw new AppError('file_used')
  await storage.write(
    ({ files }) => files.giveUp(file.info.id),
    () => bus.publish({ type: 'fileGivenUp' }),
  )
}

/** A file that is older than this and belongs to no message has been forgotten by its sender. */
export const UNSENT_MS = 24 * 60 * 60_000
