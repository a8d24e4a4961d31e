/** One of thousands in one process: a connection that keeps its place in the log and notes what of it is missing, doubled or out of order. */
import { connect, type Socket } from 'node:net'
import { limits } from '@maru/protocol'

const TEXT = 1
const CLOSE = 8
const PING = 9
/** Masked with zeros, without a payload. RFC 6455, section 5.5.3. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
const ENTRY = Buffer.from('{"type":"entry"')
const WELCOME = Buffer.from('{"type":"welcome"')
const ERROR = Buffer.from('{"type":"error"')
const RETRY_MS = 100
const HEAD_END = '\r\n\r\n'

interface Seat {
  room: string
  name: string
  token: string
}

interface Entry {
  seq: number
  clientId?: string
}

export interface LightWitness {
  readonly room: string
  /** The number of the last entry that was told. */
  cursor(): number
  /** Whether it is in the room. */
  isIn(): boolean
  /** Entries told one by one, in events or as what was missed. */
  told(): number
  /** How often it was given the newest page instead of what it had missed. */
  startedOver(): number
  /** How each connection ended that was ended from the other side. */
  endings(): readonly string[]
  faults(): readonly string[]
  /** Comes, or comes back with its cursor; again and again until the server takes it. */
  enter(port: number): void
  drop(): void
}

/** `heard` is told of every message, once by each witness. */
export function createWitness(
  { room, name, token }: Seat,
  heard: (clientId: string, seq: number) => string | undefined,
): LightWitness {
  let socket: Socket | undefined
  let cursor = 0
  let isIn = false
  let told = 0
  let startedOver = 0
  const endings: string[] = []
  const faults: string[] = []
  const fault = (what: string) => faults.push(`${name} in ${room}: ${what}`)

  function take({ seq, clientId }: Entry): void {
    if (seq <= cursor) fault(`number ${seq} again, or after ${cursor}`)
    else if (seq > cursor + 1) fault(`number ${seq} after ${cursor}`)
    cursor = Math.max(cursor, seq)
    told += 1
    const problem = clientId === undefined ? undefined : heard(clientId, seq)
    if (problem) fault(problem)
  }

  function welcome(text: string): void {
    const [, listed = '[]', last = '0', reset] =
      /"entries":(\[.*\]),"hasOlder":(?:true|false),"cursor":(\d+),"reset":(true|false)/.exec(text) ?? []
    if (reset === 'true') {
      if (cursor > 0) startedOver += 1
      if (cursor > 0 && Number(last) - cursor <= limits.resume) fault(`started over at ${last} with ${cursor} in hand`)
      cursor = Number(last)
    } else for (const entry of JSON.parse(listed) as Entry[]) take(entry)
    if (cursor !== Number(last)) fault(`was welcomed at ${last} and holds ${cursor}`)
    isIn = true
  }

  function takeText(text: Buffer): void {
    const begins = (mark: Buffer) => text.subarray(0, mark.length).equals(mark)
    if (begins(ENTRY)) take((JSON.parse(text.toString()) as { entry: Entry }).entry)
    else if (begins(WELCOME)) welcome(text.toString())
    else if (begins(ERROR)) fault(text.toString())
  }

  function enter(port: number): void {
    const own = connect({ port, host: '127.0.0.1', noDelay: true })
    socket = own
    let isUpgraded = false
    let ending = 'before the handshake'
    let rest: Buffer = Buffer.alloc(0)
    own.on('connect', () =>
      own.write(
        `GET /socket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==${HEAD_END}`,
      ),
    )
    own.on('error', () => {})
    own.on('close', () => {
      if (socket !== own) return
      isIn = false
      endings.push(ending)
      setTimeout(() => socket === own && enter(port), RETRY_MS)
    })
    own.on('data', (chunk) => {
      if (socket !== own) return
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      if (!isUpgraded) {
        const end = rest.indexOf(HEAD_END)
        if (end < 0) return
        rest = rest.subarray(end + HEAD_END.length)
        isUpgraded = true
        ending = 'without a word'
        own.write(
          maskedFrame(JSON.stringify({ type: 'hello', version: 1, room, name, token, ...(cursor > 0 && { cursor }) })),
        )
      }
      rest = takeFrames(rest, (opcode, payload) => {
        if (opcode === TEXT) takeText(payload)
        else if (opcode === PING) own.write(PONG)
        else if (opcode === CLOSE) {
          ending = `with ${payload.readUInt16BE(0)}`
          own.destroy()
        }
      })
    })
  }

  return {
    room,
    cursor: () => cursor,
    isIn: () => isIn,
    told: () => told,
    startedOver: () => startedOver,
    endings: () => endings,
    faults: () => faults,
    enter,
    drop() {
      const own = socket
      socket = undefined
      isIn = false
      own?.destroy()
    },
  }
}

/** Gives every whole frame of a server, and what is left. RFC 6455, section 5.2. */
function takeFrames(bytes: Buffer, take: (opcode: number, payload: Buffer) => void): Buffer {
  let at = 0
  for (;;) {
    const [first, second] = [bytes[at], bytes[at + 1]]
    if (first === undefined || second === undefined) break
    const short = second & 127
    const header = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + header > bytes.length) break
    const length = header === 2 ? short : header === 4 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6)
    if (at + header + length > bytes.length) break
    take(first & 15, bytes.subarray(at + header, at + header + length))
    at += header + length
  }
  return Buffer.from(bytes.subarray(at))
}

/** Masked with zeros, which leaves the text as it is. */
function maskedFrame(text: string): Buffer {
  const body = Buffer.from(text)
  const head =
    body.length < 126
      ? Buffer.from([0x81, 0x80 | body.length])
      : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255])
  return Buffer.concat([head, Buffer.alloc(4), body])
}
