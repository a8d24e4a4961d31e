import { AppError, closeCodes, type Problem, type ReadRequest, type Request, readId, readRequest } from '@maru/protocol'
import type { Schedule } from '../rooms/presence.ts'
import type { Log } from '../terminal/log.ts'
import { BURST } from './allowances.ts'
import { answerRequest, enterRoom, type SocketContext } from './answer-request.ts'
import { awaitSign } from './await-sign.ts'
import type { Caller } from './caller.ts'
import type { Connection } from './connection.ts'

const HELLO_MS = 10_000
/** After so many unreadable frames, or refused ones without a pause, the connection is closed. */
const MAX_MALFORMED = 5
const MAX_REFUSED = 100

/** What reading needs beside the context; the same for all connections. */
export interface Surroundings {
  log: Log
  schedule: Schedule
}

/** Takes the frames of one connection, in order. */
export interface FrameReader {
  read(frame: string): void
}

export function createFrameReader(
  context: SocketContext,
  connection: Connection,
  caller: Caller,
  surroundings: Surroundings,
): FrameReader {
  return new RequestReader(context, connection, caller, surroundings)
}

class RequestReader implements FrameReader {
  readonly #context: SocketContext
  readonly #connection: Connection
  readonly #caller: Caller
  readonly #log: Log
  #cancelHello: (() => void) | undefined
  #entered: Promise<void> | undefined
  /** Frames that came before the seat was taken. */
  #early = 0
  #malformed = 0
  #refused = 0

  constructor(context: SocketContext, connection: Connection, caller: Caller, { log, schedule }: Surroundings) {
    this.#context = context
    this.#connection = connection
    this.#caller = caller
    this.#log = log
    this.#cancelHello = awaitSign(schedule, HELLO_MS, () => connection.close(closeCodes.noHello, 'no hello'))
  }

  read(frame: string): void {
    if (!this.#connection.open) return
    if (this.#mayAsk()) this.#take(readRequest(frame))
    else this.#refuseFast(frame)
  }

  #take(read: ReadRequest): void {
    this.#refused = 0
    if ('problem' in read) this.#refuseMalformed(read)
    else if ((read.request.type === 'hello') === (this.#entered !== undefined))
      this.#refuse(new AppError('hello_expected'), 'id' in read.request ? read.request.id : undefined)
    else if (read.request.type === 'hello') this.#enter(read.request)
    else void this.#handle(read.request)
  }

  #mayAsk(): boolean {
    const { seat } = this.#connection
    if (seat) return seat.allowance.take()
    this.#early += 1
    return this.#early <= BURST
  }

  /** As cheap as it can be: whoever floods makes this happen most. */
  #refuseFast(frame: string): void {
    this.#refused += 1
    this.#connection.fail(new AppError('too_fast').problem(), readId(frame))
    if (this.#refused < MAX_REFUSED) return
    this.#connection.close(closeCodes.refused, 'too_fast')
    this.#connection.stopReading()
  }

  #refuseMalformed({ problem, id }: Extract<ReadRequest, { problem: Problem }>): void {
    this.#malformed += 1
    this.#connection.fail(problem, id)
    if (this.#malformed >= MAX_MALFORMED || problem.code === 'unsupported_version')
      this.#connection.close(closeCodes.refused, problem.code)
  }

  #enter(request: Extract<Request, { type: 'hello' }>): void {
    this.#cancelHello?.()
    this.#cancelHello = undefined
    this.#entered = enterRoom(this.#context, this.#connection, request, this.#caller).catch((error) =>
      this.#refuse(this.#explain(error)),
    )
  }

  async #handle(request: Exclude<Request, { type: 'hello' }>): Promise<void> {
    await this.#entered
    const context = this.#context
    const connection = this.#connection
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
      connection.send(await answerRequest(context, seat, request, this.#caller))
    } catch (error) {
      connection.fail(this.#explain(error).problem(), request.id)
    }
  }

  #refuse(error: AppError, id?: number): void {
    this.#connection.fail(error.problem(), id)
    this.#connection.close(closeCodes.refused, error.code)
  }

  #explain(error: unknown): AppError {
    if (error instanceof AppError && error.code !== 'internal') {
      // The storage tells of its failures itself, once for all who wait.
      if (error.cause !== undefined && error.code !== 'storage_unavailable')
        this.#log.warn('a request was refused', { code: error.code, cause: error.cause })
      return error
    }
    this.#log.error('a request failed', { error })
    return new AppError('internal')
  }
}
