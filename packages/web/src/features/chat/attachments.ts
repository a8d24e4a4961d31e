import { uploadFile } from '@maru/client/upload'
import { AppError, type FileInfo, limits } from '@maru/protocol'
import { remembered } from '../../lib/remembered.ts'
import { sendRequest } from '../../lib/send-request.ts'
import { createStore, type Store } from '../../lib/store.ts'
import { describePicture } from './describe-picture.ts'

/** A file on its way up, before its message is sent. */
export interface Attachment {
  readonly id: number
  readonly file: File
  readonly state: { at: 'sending'; share: number } | { at: 'there'; info: FileInfo } | { at: 'failed'; code: string }
}

export interface Attachments extends Store<readonly Attachment[]> {
  /** Gives false where some were too many for one message. */
  add(files: readonly File[]): boolean
  retry(id: number): void
  remove(id: number): void
  /** Takes what has arrived, for the message that is sent now. */
  take(): FileInfo[]
}

/** The files that lie beside the message field; each is sent up at once. */
export function createAttachments(room: () => string): Attachments {
  const store = createStore<readonly Attachment[]>([])
  const stops = new Map<number, AbortController>()
  let last = 0
  const change = (id: number, state: Attachment['state']) =>
    store.set(store.state().map((each) => (each.id === id ? { ...each, state } : each)))

  async function send(id: number, file: File): Promise<void> {
    // A folder, on some systems, or a file that somebody has only begun.
    if (file.size === 0) return change(id, { at: 'failed', code: 'file_empty' })
    const stop = new AbortController()
    stops.set(id, stop)
    change(id, { at: 'sending', share: 0 })
    try {
      const details = await describePicture(file)
      const info = await uploadFile({
        server: location.origin,
        room: room(),
        token: remembered('token') ?? '',
        announced: { name: file.name || 'file', type: file.type || 'application/octet-stream', ...details },
        content: file,
        signal: stop.signal,
        fetcher: sendRequest,
        onProgress: (bytes) => change(id, { at: 'sending', share: bytes / file.size }),
      })
      change(id, { at: 'there', info })
    } catch (error) {
      if (!stop.signal.aborted)
        change(id, { at: 'failed', code: error instanceof AppError ? error.code : 'disconnected' })
    }
  }
  return {
    ...store,
    add(files) {
      const free = limits.files - store.state().length
      for (const file of files.slice(0, free)) {
        last += 1
        store.set([...store.state(), { id: last, file, state: { at: 'sending', share: 0 } }])
        void send(last, file)
      }
      return files.length <= free
    },
    retry(id) {
      const found = store.state().find((each) => each.id === id)
      if (found) void send(id, found.file)
    },
    remove(id) {
      stops.get(id)?.abort()
      store.set(store.state().filter((each) => each.id !== id))
    },
    take() {
      const infos = store.state().flatMap(({ state }) => (state.at === 'there' ? [state.info] : []))
      store.set(store.state().filter(({ state }) => state.at !== 'there'))
      return infos
    },
  }
}
