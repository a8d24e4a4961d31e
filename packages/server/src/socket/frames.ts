import type { ServerMessage } from '@maru/protocol'

/** One or more frames in the form in which they leave: written once, however many hear them, and by one system call for each of them. */
export interface Frames {
  readonly webSocket: Buffer
  readonly eventStream: Buffer
  /** `webSocket` is good only until the next frames for somebody alone are written. */
  readonly borrowed: boolean
}

export const encode = (message: ServerMessage): string => JSON.stringify(message)

/** For many. */
export function createFrames(texts: readonly string[]): Frames {
  let webSocket: Buffer | undefined
  let eventStream: Buffer | undefined
  return {
    get webSocket() {
      webSocket ??= writeFrames(texts, Buffer.allocUnsafe(bytesOf(texts)))
      return webSocket
    },
    get eventStream() {
      eventStream ??= asEvents(texts)
      return eventStream
    },
    borrowed: false,
  }
}

/** What the greeting of a full room takes, and more. */
const DESK_BYTES = 262_144
const desk = Buffer.allocUnsafeSlow(DESK_BYTES)

/**
 * For one alone, who is given them before anybody else is. A buffer for each greeting of a crowd that enters would come to lie between what stays, and
 * its memory would never be given back.
 */
export function borrowFrames(texts: readonly string[]): Frames {
  const bytes = bytesOf(texts)
  const borrowed = bytes <= DESK_BYTES
  return {
    get webSocket() {
      return writeFrames(texts, borrowed ? desk.subarray(0, bytes) : Buffer.allocUnsafe(bytes))
    },
    get eventStream() {
      return asEvents(texts)
    },
    borrowed,
  }
}

/** JSON has no line ends of its own, so a frame is one line. */
const asEvents = (texts: readonly string[]) => Buffer.from(texts.map((text) => `data: ${text}\n\n`).join(''))

const WHOLE_TEXT = 0x81
/** From here on the length stands in two more bytes, and from there on in eight. RFC 6455, section 5.2. */
const SHORT = 126
const MEDIUM = 65_536

const headerBytes = (bytes: number) => (bytes < SHORT ? 2 : bytes < MEDIUM ? 4 : 10)

function bytesOf(texts: readonly string[]): number {
  let all = 0
  for (const text of texts) {
    const bytes = Buffer.byteLength(text)
    all += headerBytes(bytes) + bytes
  }
  return all
}

/** WebSocket frames of a server, one behind the other: whole, not masked, not compressed. `into` is as long as they are. */
function writeFrames(texts: readonly string[], into: Buffer): Buffer {
  let at = 0
  for (const text of texts) {
    const bytes = Buffer.byteLength(text)
    const header = headerBytes(bytes)
    into[at] = WHOLE_TEXT
    if (header === 2) into[at + 1] = bytes
    else if (header === 4) {
      into[at + 1] = 126
      into.writeUInt16BE(bytes, at + 2)
    } else {
      into[at + 1] = 127
      into.writeBigUInt64BE(BigInt(bytes), at + 2)
    }
    into.write(text, at + header)
    at += header + bytes
  }
  return into
}
