import type { Entry, Request, ServerMessage } from '@maru/protocol'
import { onTestFinished } from 'vitest'
import type { WebSocketLike } from '../src/connector.ts'
import { openRoom } from '../src/open-room.ts'
import type { RoomOptions } from '../src/room-client.ts'

type Frame = ServerMessage | { type: 'of the future' }

/** A server that says what the test says, and timers that run when it says so. */
export function script(options: Partial<RoomOptions> = {}) {
  const sockets: ScriptedSocket[] = []
  const timers = new Set<{ at: number; callback: () => void }>()
  let time = 0
  const tokens: string[] = []
  let ids = 0
  const client = openRoom({
    url: 'ws://test/socket',
    room: 'hall',
    name: 'Ana',
    connect: () => {
      const socket = new ScriptedSocket()
      sockets.push(socket)
      return socket
    },
    now: () => time,
    random: () => 1,
    schedule: (delayMs, callback) => {
      const timer = { at: time + delayMs, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    onToken: (token) => tokens.push(token),
    createClientId: () => {
      ids += 1
      return `c${ids}`
    },
    createToken: () => 'e'.repeat(64),
    ...options,
  })
  onTestFinished(() => client.close())
  const socket = () => sockets.at(-1) as ScriptedSocket
  return {
    client,
    sockets,
    socket,
    tokens,
    /** Lets time pass, running what falls due in its order. */
    async pass(ms: number) {
      const end = time + ms
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
        if (!next) break
        timers.delete(next)
        time = next.at
        next.callback()
        await settled()
      }
      time = end
    },
    async welcome(more: Partial<Extract<ServerMessage, { type: 'welcome' }>> = {}) {
      socket().onopen?.(undefined as never)
      await socket().say(welcome(more))
    },
  }
}

export const settled = () => new Promise((resolve) => setImmediate(resolve))

class ScriptedSocket implements WebSocketLike {
  readonly sent: Request[] = []
  closed: number | undefined
  onopen: WebSocketLike['onopen'] = null
  onmessage: WebSocketLike['onmessage'] = null
  onclose: WebSocketLike['onclose'] = null
  onerror: WebSocketLike['onerror'] = null

  send(data: string): void {
    this.sent.push(JSON.parse(data))
  }

  close(code = 1005): void {
    this.closed = code
  }

  async say(frame: Frame): Promise<void> {
    this.onmessage?.({ data: JSON.stringify(frame) })
    await settled()
  }

  async drop(code = 1006): Promise<void> {
    this.onclose?.({ code, reason: '' })
    await settled()
  }

  get last(): Request | undefined {
    return this.sent.at(-1)
  }
}

export const me = { id: 'ME_a', name: 'Ana' }

export function welcome(more: Partial<Extract<ServerMessage, { type: 'welcome' }>> = {}): ServerMessage {
  return {
    type: 'welcome',
    version: 1,
    me,
    room: { name: 'hall', topic: '', retention: { keep: 'all' }, expired: 0, pinned: [] },
    people: [me],
    call: [],
    entries: [],
    hasOlder: false,
    reset: true,
    cursor: more.entries?.at(-1)?.seq ?? 0,
    read: 0,
    unread: { messages: 0, mentions: 0 },
    reads: [],
    limits: { text: 4000, name: 40, file: 1 },
    ...more,
  }
}

export function said(seq: number, text = `${seq}`, clientId = `other ${seq}`, member = 'ME_b'): Entry {
  return { seq, at: seq, kind: 'message', member, name: 'Ben', text, clientId }
}

export const texts = (entries: readonly Entry[]) =>
  entries.flatMap((entry) => (entry.kind === 'message' ? [entry.text] : []))
