import type { FileInfo } from '@maru/protocol'

/** Of this size a slow line brings a piece in a minute. */
const PIECE_BYTES = 1_048_576
/** After so many failures in a row of the same piece the upload waits to be asked again. */
const ATTEMPTS = 6

export interface UploadOptions {
  room: string
  token: string
  signal: AbortSignal
  /** 0 to 1. */
  onProgress: (share: number) => void
  /** What the sender knows about the picture. */
  details: Partial<Pick<FileInfo, 'width' | 'height' | 'blur'>>
  fetch?: typeof globalThis.fetch
  wait?: (ms: number) => Promise<void>
}

/** A refusal of the server, by its code; trying again would not help. */
export class UploadRefused extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

interface Answer {
  file: FileInfo
  received: number
}

/**
 * Sends a file in pieces. What is lost on the way is sent again from where the server has it.
 * @throws UploadRefused; what `fetch` throws when the line stays away or the signal says stop
 */
export async function uploadFile(file: File, options: UploadOptions): Promise<FileInfo> {
  const { room, details, onProgress, signal, wait = pause } = options
  const announced = {
    name: file.name || 'file',
    type: file.type || 'application/octet-stream',
    size: file.size,
    ...details,
  }
  let { file: info, received } = await call(options, 'POST', `/api/rooms/${encodeURIComponent(room)}/files`, {
    body: JSON.stringify(announced),
  })
  const address = `/api/uploads/${info.id}`
  let failures = 0
  while (received < file.size) {
    try {
      const before = received
      ;({ file: info, received } = await call(options, 'PATCH', address, {
        body: file.slice(received, received + PIECE_BYTES),
        headers: { 'upload-offset': `${received}` },
      }))
      if (received > before) failures = 0
    } catch (error) {
      failures += 1
      if (signal.aborted || failures >= ATTEMPTS || (error instanceof UploadRefused && error.code !== 'offset_wrong'))
        throw error
      await wait(2 ** failures * 250)
      received = (await call(options, 'GET', address, {}).catch(() => ({ received }))).received
    }
    onProgress(received / file.size)
  }
  return info
}

async function call(options: UploadOptions, method: string, path: string, init: RequestInit): Promise<Answer> {
  const { fetch = globalThis.fetch, token, signal } = options
  const response = await fetch(path, {
    ...init,
    method,
    signal,
    headers: { ...init.headers, authorization: `Bearer ${token}` },
  })
  const answer = (await response.json()) as Partial<Answer> & { code?: string; message?: string }
  if (response.ok && answer.file && typeof answer.received === 'number') return answer as Answer
  // Behind a failing server there may be a working one in a moment.
  if (response.status >= 500 && response.status !== 507) throw new Error(`The server answered ${response.status}.`)
  throw new UploadRefused(answer.code ?? 'internal', answer.message ?? `The server answered ${response.status}.`)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
