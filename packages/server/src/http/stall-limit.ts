import type { ServerResponse } from 'node:http'
import type { Schedule } from '../rooms/presence.ts'

/**
 * How long an answer may lie before its reader without any of it being taken. Longer than any tunnel; a film that was paused for longer asks for the
 * rest of its bytes again.
 */
const STALL_MS = 120_000

/**
 * Breaks an answer off whose reader takes nothing of it any more: it would keep a descriptor, and with a file two, for as long as the reader likes.
 * That is noticed after one to two times the limit. An answer that has nothing to send at the moment waits for us and not for its reader.
 */
export function limitStall(response: ServerResponse, schedule: Schedule): void {
  let before: number | undefined
  let cancel = schedule(STALL_MS, look)
  response.on('close', () => cancel())

  function look(): void {
    const now = takenOf(response)
    if (now !== undefined && now === before) return void response.destroy()
    before = now
    cancel = schedule(STALL_MS, look)
  }
}

/** Bytes that the system has taken on their way to the reader; nothing where none wait for that. */
function takenOf({ socket }: ServerResponse): number | undefined {
  if (!socket || socket.writableLength === 0) return undefined
  return socket.bytesWritten - socket.writableLength
}
