/** A client that costs next to nothing: it parses no frames, it looks for the numbers it needs in what comes. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface LightClient {
  readonly socket: Socket
  /** Bytes received since the connection stands. */
  bytes: number
  /** The largest number of an entry that was received. */
  seq: number
  onSeq: (seq: number, before: number) => void
  /** Whether the connection has ended, by whomever. */
  ended: boolean
  /** What the server answered to a question, as text that holds all of it. */
  ask(question: object): Promise<string>
  say(frame: object | string): void
}

const SEQ = Buffer.from('"seq":')
const REPLY = Buffer.from('{"type":"reply"')
const COMMA = 0x2c
const BRACKET = 0x7d
/** More than the mark of a number and the number. */
const CUT_BYTES = 32

/** The number behind the last `"seq":` before a place, if that is whole. */
function seqBefore(chunk: Buffer, end: number): number {
  const at = chunk.lastIndexOf(SEQ, end)
  if (at < 0) return 0
  let number = 0
  for (let index = at + SEQ.length; ; index += 1) {
    const byte = chunk[index]
    if (byte === undefined) return 0
    if (byte < 0x30 || byte > 0x39) return number
    number = number * 10 + byte - 0x30
  }
}

/** The largest number. An answer may come behind entries that have larger ones than the one it speaks of. */
function largestSeq(chunk: Buffer): number {
  let largest = 0
  for (let end = chunk.length; end > 0; ) {
    largest = Math.max(largest, seqBefore(chunk, end))
    end = chunk.lastIndexOf(REPLY, end - 1)
  }
  return largest
}

export async function connectRaw(port: number): Promise<LightClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let waiting: { mark: string; resolve: (text: string) => void; text: string } | undefined
  let ids = 0
  const client: LightClient = {
    socket,
    bytes: 0,
    seq: 0,
    onSeq: () => {},
    ended: false,
    say: (frame) => socket.write(maskedFrame(typeof frame === 'string' ? frame : JSON.stringify(frame))),
    ask(question) {
      ids += 1
      const mark = `"id":${ids}${String.fromCharCode(COMMA)}`
      return new Promise((resolve) => {
        waiting = { mark, resolve, text: '' }
        client.say({ ...question, id: ids })
      })
    },
  }
  socket.on('error', () => {})
  socket.on('close', () => {
    client.ended = true
  })
  let cut = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    client.bytes += chunk.length
    const whole = cut.length > 0 ? Buffer.concat([cut, chunk]) : chunk
    // A frame that is not whole yet ends in the middle, perhaps of a number.
    cut = chunk.at(-1) === BRACKET ? Buffer.alloc(0) : Buffer.from(whole.subarray(-CUT_BYTES))
    const seq = largestSeq(whole)
    if (seq > client.seq) {
      const before = client.seq
      client.seq = seq
      client.onSeq(seq, before)
    }
    if (!waiting) return
    waiting.text += chunk.toString('latin1')
    const at = waiting.text.indexOf(waiting.mark)
    // A frame ends where the last bracket closes; what is awaited is the last thing that comes.
    if (at < 0 || !waiting.text.endsWith('}')) return
    const { resolve, text } = waiting
    waiting = undefined
    resolve(text.slice(at))
  })
  return client
}

export async function connectWebSocket(port: number): Promise<LightClient> {
  const client = await connectRaw(port)
  client.socket.write(
    `GET /socket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  )
  await once(client.socket, 'data')
  client.bytes = 0
  client.socket.on(
    'data',
    createFrameWalk((opcode) => {
      // A server gives up whoever never answers.
      if (opcode === PING) client.socket.write(PONG)
    }),
  )
  return client
}

const PING = 9
/** Masked with zeros, without a payload. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

/** Steps from frame to frame of what a server sends, whatever the pieces in which it comes. RFC 6455, section 5.2. */
function createFrameWalk(onFrame: (opcode: number) => void): (chunk: Buffer) => void {
  let head = Buffer.alloc(0)
  let left = 0
  return (chunk) => {
    const bytes = head.length > 0 ? Buffer.concat([head, chunk]) : chunk
    head = Buffer.alloc(0)
    let at = Math.min(left, bytes.length)
    left -= at
    while (at < bytes.length) {
      const short = (bytes[at + 1] ?? 0) & 127
      const header = short < 126 ? 2 : short === 126 ? 4 : 10
      if (at + header > bytes.length || at + 2 > bytes.length) {
        head = Buffer.from(bytes.subarray(at))
        return
      }
      const length = header === 2 ? short : header === 4 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6)
      onFrame((bytes[at] ?? 0) & 15)
      at += header + length
      left = Math.max(0, at - bytes.length)
    }
  }
}

/** A member's device in a room, welcomed. */
export async function enterRoom(port: number, room: string, name: string, token: string): Promise<LightClient> {
  const client = await connectWebSocket(port)
  const welcomed = once(client.socket, 'data')
  client.say({ type: 'hello', version: 1, room, name, token })
  await welcomed
  return client
}

/** Masked with zeros, which leaves the text as it is. RFC 6455, section 5.2. */
function maskedFrame(text: string): Buffer {
  const body = Buffer.from(text)
  const head =
    body.length < 126
      ? Buffer.from([0x81, 0x80 | body.length])
      : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255])
  return Buffer.concat([head, Buffer.alloc(4), body])
}
