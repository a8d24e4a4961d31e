import { writeSync } from 'node:fs'
import type { Duplex } from 'node:stream'

/** How Node holds a TCP connection without TLS. It is not documented: where it looks otherwise, bytes leave by the socket itself. */
interface TcpHandle {
  /** The descriptor; negative from the moment on in which it is closed. */
  readonly fd: number
}

type Holding = Duplex & { readonly _handle?: (TcpHandle & object) | null }

/**
 * Writes to a socket past all that Node keeps for a write: an idle TCP socket takes bytes by one system call and nothing else. What does not fit, and
 * whatever else than plain TCP this is, goes by the socket, which reports what is broken as well.
 */
export class DirectWriter {
  readonly #socket: Holding
  /** Of a plain TCP connection only. */
  readonly #handle: TcpHandle | undefined

  constructor(socket: Duplex) {
    const { _handle: handle } = socket as Holding
    this.#socket = socket
    // A handle of TLS has a descriptor too: that of what it encrypts for.
    this.#handle = handle?.constructor.name === 'TCP' && handle.fd >= 0 ? handle : undefined
  }

  /**
   * `borrowed`: somebody else's bytes are in this memory afterwards. False where more than `most` bytes wait to be taken already: then these are not
   * among them.
   */
  write(bytes: Buffer, borrowed: boolean, most = Number.POSITIVE_INFINITY): boolean {
    const waiting = this.#socket.writableLength
    if (waiting > most) return false
    const descriptor = waiting > 0 ? undefined : this.#descriptor()
    const written = descriptor === undefined ? 0 : writeWhatFits(descriptor, bytes)
    if (written === bytes.length) return true
    const rest = bytes.subarray(written)
    this.#socket.write(borrowed ? Buffer.from(rest) : rest)
    return true
  }

  /**
   * Only behind nothing that waits, and before the socket has been ended. The number is asked for at each write and never kept: once closed it may be
   * somebody else's connection. Nothing can close it between this and the write, for both are one step of the only thread that closes sockets.
   */
  #descriptor(): number | undefined {
    const socket = this.#socket
    const handle = this.#handle
    if (handle === undefined || socket._handle !== handle) return undefined
    if (socket.writableEnded) return undefined
    const { fd } = handle
    return fd >= 0 ? fd : undefined
  }
}

function writeWhatFits(descriptor: number, bytes: Buffer): number {
  try {
    return writeSync(descriptor, bytes)
  } catch {
    // It takes nothing now, or never more: the socket finds out which.
    return 0
  }
}
