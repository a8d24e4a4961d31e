import { type Announcement, AppError, type FileInfo, parseRecord } from '@maru/protocol'
import { backOff } from './connector.ts'

export interface UploadOptions {
  /** The server, as `https://host`. */
  server: string
  room: string
  token: string
  /** What is said about the file; its size is that of `content`. */
  announced: Omit<Announcement, 'size'>
  content: Blob
  /** Told how many bytes have left, and after every piece and every loss how many are there. */
  onProgress?: (bytes: number) => void
  /** Gives the upload up, there too. */
  signal?: AbortSignal
  /** Waits after so many attempts in vain, longer each time: a server that has just begun anew is not met by all at once. */
  pause?: (failures: number) => Promise<void>
  /** Ends one request that is not answered. A network that is silently gone does not end it, and nobody else does for minutes. */
  patience?: () => AbortSignal
  fetcher?: Fetcher
}

/** As `fetch`. One that can tells meanwhile how much of the body has left. */
export type Fetcher = (path: string, init: RequestInit & { onSent?: (bytes: number) => void }) => Promise<Response>

/** So small that a slow line brings it in a minute, so large that a fast one is not held up. */
const PIECE_BYTES = 1_048_576
/** Attempts without a byte of progress before it is given up: with the pauses between them more than a minute, in which any server has begun anew. */
const MAX_ATTEMPTS = 10
/** The server gives a piece a minute. */
const PATIENCE_MS = 75_000

/**
 * Sends a file in pieces; after a loss it asks how much is there and goes on. Gives what to put into `files` of a message.
 * @throws AppError with the server's code, `disconnected` when the server stays away, and the signal's reason when it is given up
 */
export async function uploadFile(options: UploadOptions): Promise<FileInfo> {
  const { content, announced, room, signal, onProgress, pause = wait } = options
  const ask = asker(options)
  let attempts = 0
  /** Waits, unless the error is final or has come too often. */
  async function tryAgain(error: unknown, mayPass: (error: unknown) => boolean): Promise<void> {
    signal?.throwIfAborted()
    attempts += 1
    if (!mayPass(error) || attempts >= MAX_ATTEMPTS) throw error
    await pause(attempts)
    signal?.throwIfAborted()
  }
  /** What was announced twice, since the answer was lost, is forgotten by the server in a day. */
  async function announce(): Promise<{ file: FileInfo }> {
    for (;;) {
      try {
        return await ask('POST', `/api/rooms/${encodeURIComponent(room)}/files`, { body })
      } catch (error) {
        await tryAgain(error, isLoss)
      }
    }
  }
  const body = JSON.stringify({ ...announced, size: content.size })
  const { file } = await announce()
  const path = `/api/uploads/${file.id}`
  signal?.addEventListener('abort', () => void ask('DELETE', path, { isFarewell: true }).catch(() => {}), {
    once: true,
  })
  let received = 0
  while (received < content.size) {
    signal?.throwIfAborted()
    try {
      const piece = content.slice(received, received + PIECE_BYTES)
      const onSent = (bytes: number) => onProgress?.(received + Math.min(bytes, piece.size))
      const reply = await ask('PATCH', path, { body: piece, headers: { 'upload-offset': `${received}` }, onSent })
      attempts = 0
      received = reply.received
    } catch (error) {
      await tryAgain(error, isPassing)
      received = await ask('GET', path, {}).then(
        (reply) => reply.received,
        () => received,
      )
    }
    onProgress?.(received)
  }
  return file
}

interface Asked {
  body?: string | Blob
  headers?: Record<string, string>
  onSent?: (bytes: number) => void
  /** Is sent although everything else is given up. */
  isFarewell?: boolean
}

function asker({
  server,
  token,
  signal,
  fetcher = fetch,
  patience = () => AbortSignal.timeout(PATIENCE_MS),
}: UploadOptions) {
  return async (
    method: string,
    path: string,
    { body, headers, onSent, isFarewell = false }: Asked,
  ): Promise<{ file: FileInfo; received: number }> => {
    const lost = (cause: unknown) => {
      throw signal?.aborted && !isFarewell ? cause : new AppError('disconnected', undefined, { cause })
    }
    const response = await fetcher(server + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body !== undefined && { body }),
      ...(onSent && { onSent }),
      signal: AbortSignal.any([patience(), ...(signal && !isFarewell ? [signal] : [])]),
    }).catch(lost)
    const answer = parseRecord(await response.text().catch(lost)) ?? {}
    // Behind a failing proxy there may be a working server in a moment.
    if (response.status >= 502 && answer.code === undefined) throw new AppError('disconnected')
    if (!response.ok) throw new AppError(codeOf(answer), String(answer.message ?? response.statusText))
    return answer as unknown as { file: FileInfo; received: number }
  }
}

function codeOf({ code }: Record<string, unknown>): AppError['code'] {
  return typeof code === 'string' ? (code as AppError['code']) : 'internal'
}

function isLoss(error: unknown): boolean {
  return error instanceof AppError && error.code === 'disconnected'
}

function isPassing(error: unknown): boolean {
  return error instanceof AppError && (isLoss(error) || ['offset_wrong', 'storage_unavailable'].includes(error.code))
}

function wait(failures: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, backOff(failures, Math.random())))
}
