import type { IncomingMessage } from 'node:http'
import { AppError, closeCodes, type Request, readRequest } from '@maru/protocol'
import { createTokenBucket } from '../http/token-bucket.ts'
import type { Schedule } from '../rooms/presence.ts'
import type { Log } from '../terminal/log.ts'
import { answerRequest, enterRoom, type SocketContext } from './answer-request.ts'
import type { Connection } from './connection.ts'

const HELLO_MS = 10_000
/** What a fast typist, a scrolling reader and a paste need at once, and on the long run. */
const BURST = 20
const PER_SECOND = 5
/** After so many unreadable frames, or refused ones without a pause, the connection is closed. */
const MAX_MALFORMED = 5
const MAX_REFUSED = 100

/** Takes the frames of one connection, in order. */
export function createFrameReader(
  context: SocketContext,
  connection: Connection,
  upgrade: IncomingMessage,
  { log, now, schedule }: { log: Log; now: () => number; schedule: Schedule },
): (frame: string) => void {
  const bucket = createTokenBucket(BURST, PER_SECOND, now)
  let entered: Promise<void> | undefined
  let malformed = 0
  let refused = 0
  const cancelHello = schedule(HELLO_MS, () => {
    if (!entered) connection.close(closeCodes.noHello, 'no hello')
  })

  function explain(error: unknown): AppError {
    if (error instanceof AppError && error.code !== 'internal') {
      // The storage tells of its failures itself, once for all who wait.
      if (error.cause !== undefined && error.code !== 'storage_unavailable')
        log.warn('a request was refused', { code: error.code, cause: error.cause })
      return error
    }
    log.error('a request failed', { error })
    return new AppError('internal')
  }

  async function handle(request: Exclude<Request, { type: 'hello' }>): Promise<void> {
    await entered
    const { seat } = connection
    if (!seat || !connection.open) return
    if (request.type === 'leave') {
      if (context.audience.remove(connection) === 'last') context.presence.leave(seat.room, seat.member, 'now')
      return connection.close(1000, 'left')
    }
    if (request.type === 'typing') {
      const { room, member } = seat
      return context.bus.publish({
        type: 'memberTyping',
        room,
        member,
        ...(request.to !== undefined && { to: request.to }),
      })
    }
    try {
      connection.send(await answerRequest(context, seat, request, upgrade))
    } catch (error) {
      connection.fail(explain(error).problem(), request.id)
    }
  }

  function refuse(error: AppError, id?: number): void {
    connection.fail(error.problem(), id)
    connection.close(closeCodes.refused, error.code)
  }

  return (frame) => {
    if (!connection.open) return
    const read = readRequest(frame)
    const { id } = 'problem' in read ? read : { id: 'id' in read.request ? read.request.id : undefined }
    if (!bucket.take()) {
      refused += 1
      connection.fail(new AppError('too_fast').problem(), id)
      if (refused >= MAX_REFUSED) connection.close(closeCodes.refused, 'too_fast')
      return
    }
    refused = 0
    if ('problem' in read) {
      malformed += 1
      connection.fail(read.problem, id)
      if (malformed >= MAX_MALFORMED || read.problem.code === 'unsupported_version')
        connection.close(closeCodes.refused, read.problem.code)
      return
    }
    const { request } = read
    if ((request.type === 'hello') === (entered !== undefined)) return refuse(new AppError('hello_expected'), id)
    if (request.type !== 'hello') return void handle(request)
    cancelHello()
    entered = enterRoom(context, connection, request, upgrade).catch((error) => refuse(explain(error)))
  }
}
