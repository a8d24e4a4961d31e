import { writeSync } from 'node:fs'
import type { Duplex } from 'node:stream'

/** How Node holds a TCP connection without TLS. It is not documented: where it looks otherwise, bytes leave by the socket itself. */
interface TcpHandle {
  readonly fd: number
}

type Holding = Duplex & { readonly _handle?: (TcpHandle & object) | null }

/**
 * Writes to a socket past all that Node keeps for a write: an idle TCP socket takes bytes by one system call and nothing else. What does not fit, and
 * whatever else than plain TCP this is, goes by the socket, which reports what is broken as well.
 */
export class DirectWriter {
  readonly #socket: Holding
  readonly #handle: object | undefined
  readonly #descriptor: number

  constructor(socket: Duplex) {
    const { _handle: handle } = socket as Holding
    // A handle of TLS has a descriptor too: that of what it encrypts for.
    const isTcp = handle?.constructor.name === 'TCP' && handle.fd >= 0
    this.#socket = socket
    this.#handle = isTcp ? handle : undefined
    this.#descriptor = isTcp ? handle.fd : -1
  }

  /** Bytes that wait to be taken. */
  get unsent(): number {
    return this.#socket.writableLength
  }

  /** `borrowed`: somebody else's bytes are in this memory afterwards. */
  write(bytes: Buffer, borrowed: boolean): void {
    const written = this.#takesDirectly() ? writeWhatFits(this.#descriptor, bytes) : 0
    if (written === bytes.length) return
    const rest = bytes.subarray(written)
    this.#socket.write(borrowed ? Buffer.from(rest) : rest)
  }

  /** Only behind nothing that waits. The socket lets go of its handle as it closes the descriptor, which may be somebody else's from then on. */
  #takesDirectly(): boolean {
    const socket = this.#socket
    return this.#handle !== undefined && socket._handle === this.#handle && socket.writableLength === 0
  }
}

function writeWhatFits(descriptor: number, bytes: Buffer): number {
  try {
    return writeSync(descriptor, bytes)
  } catch {
    return 0
  }
}
