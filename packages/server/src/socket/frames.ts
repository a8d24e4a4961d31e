import type { ServerMessage } from '@maru/protocol'

/** One or more frames in the form in which they leave: written once, however many hear them, and by one system call for each of them. */
export interface Frames {
  readonly webSocket: Buffer
  readonly eventStream: Buffer
}

export const encode = (message: ServerMessage): string => JSON.stringify(message)

export function createFrames(texts: readonly string[]): Frames {
  let webSocket: Buffer | undefined
  let eventStream: Buffer | undefined
  return {
    get webSocket() {
      webSocket ??= Buffer.concat(texts.map(textFrame))
      return webSocket
    },
    get eventStream() {
      // JSON has no line ends of its own, so a frame is one line.
      eventStream ??= Buffer.from(texts.map((text) => `data: ${text}\n\n`).join(''))
      return eventStream
    },
  }
}

const WHOLE_TEXT = 0x81
/** From here on the length stands in two more bytes, and from there on in eight. RFC 6455, section 5.2. */
const SHORT = 126
const MEDIUM = 65_536

/** A WebSocket frame of a server: whole, not masked, not compressed. */
function textFrame(text: string): Buffer {
  const bytes = Buffer.byteLength(text)
  const header = bytes < SHORT ? 2 : bytes < MEDIUM ? 4 : 10
  const frame = Buffer.allocUnsafe(header + bytes)
  frame[0] = WHOLE_TEXT
  if (header === 2) frame[1] = bytes
  else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(bytes, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(bytes), 2)
  }
  frame.write(text, header)
  return frame
}
