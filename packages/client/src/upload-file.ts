import { type Announcement, AppError, type FileInfo, parseRecord } from '@maru/protocol'

export interface UploadOptions {
  /** The server, as `https://host`. */
  server: string
  room: string
  token: string
  /** What is said about the file; its size is that of `content`. */
  announced: Omit<Announcement, 'size'>
  content: Blob
  /** Told after every piece: bytes that are there. */
  onProgress?: (received: number) => void
  /** Gives the upload up, there too. */
  signal?: AbortSignal
  /** Waits between two attempts after a loss; the default is a second. */
  pause?: (attempt: number) => Promise<void>
  fetcher?: typeof fetch
}

/** So small that a slow line brings it in a minute, so large that a fast one is not held up. */
const PIECE_BYTES = 1_048_576
/** Attempts without a byte of progress before it is given up. */
const MAX_ATTEMPTS = 10

/**
 * Sends a file in pieces; after a loss it asks how much is there and goes on. Gives what to put into `files` of a message.
 * @throws AppError with the server's code, `disconnected` when the server stays away, and the signal's reason when it is given up
 */
export async function uploadFile(options: UploadOptions): Promise<FileInfo> {
  const { content, announced, room, signal, onProgress } = options
  const ask = asker(options)
  const body = JSON.stringify({ ...announced, size: content.size })
  const { file } = await ask('POST', `/api/rooms/${encodeURIComponent(room)}/files`, { body })
  const path = `/api/uploads/${file.id}`
  signal?.addEventListener('abort', () => void ask('DELETE', path, { isFarewell: true }).catch(() => {}), {
    once: true,
  })
  let received = 0
  let attempts = 0
  while (received < content.size) {
    signal?.throwIfAborted()
    try {
      const piece = content.slice(received, received + PIECE_BYTES)
      const reply = await ask('PATCH', path, { body: piece, headers: { 'upload-offset': `${received}` } })
      attempts = 0
      received = reply.received
    } catch (error) {
      signal?.throwIfAborted()
      attempts += 1
      if (!isPassing(error) || attempts >= MAX_ATTEMPTS) throw error
      await (options.pause ?? wait)(attempts)
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
  /** Is sent although everything else is given up. */
  isFarewell?: boolean
}

function asker({ server, token, signal, fetcher = fetch }: UploadOptions) {
  return async (
    method: string,
    path: string,
    { body, headers, isFarewell = false }: Asked,
  ): Promise<{ file: FileInfo; received: number }> => {
    const response = await fetcher(server + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body !== undefined && { body }),
      ...(signal && !isFarewell && { signal }),
    }).catch((cause) => {
      throw signal?.aborted ? cause : new AppError('disconnected', undefined, { cause })
    })
    const answer = parseRecord(await response.text()) ?? {}
    // Behind a failing proxy there may be a working server in a moment.
    if (response.status >= 502 && answer.code === undefined) throw new AppError('disconnected')
    if (!response.ok) throw new AppError(codeOf(answer), String(answer.message ?? response.statusText))
    return answer as unknown as { file: FileInfo; received: number }
  }
}

function codeOf({ code }: Record<string, unknown>): AppError['code'] {
  return typeof code === 'string' ? (code as AppError['code']) : 'internal'
}

function isPassing(error: unknown): boolean {
  return error instanceof AppError && ['disconnected', 'offset_wrong', 'storage_unavailable'].includes(error.code)
}

function wait(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000))
}
