import type { RoomClient, RoomState, WebSocketLike } from '@maru/client'
import { onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { join, startRoomServer, until } from './room-harness.ts'
import { seeded } from './seeded.ts'

/** A connection that breaks at any frame: before or after it was sent, before or after it was received. */
function lossy(url: string, breaks: () => boolean): WebSocketLike {
  const socket = new WebSocket(url)
  const like: WebSocketLike = {
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send(data) {
      if (breaks()) return socket.terminate()
      socket.send(data, () => {
        if (breaks()) socket.terminate()
      })
    },
    close: (code, reason) => socket.close(code, reason),
  }
  socket.on('open', () => like.onopen?.(undefined as never))
  socket.on('message', (data) => {
    if (socket.readyState !== WebSocket.OPEN) return
    if (breaks()) return socket.terminate()
    like.onmessage?.({ data: String(data) })
    if (breaks()) socket.terminate()
  })
  socket.on('error', () => {})
  socket.on('close', (code) => like.onclose?.({ code, reason: '' }))
  return like
}

/** What must be the same for somebody who was here all the time and somebody who comes now. */
function view({ people, call, entries }: RoomState) {
  return { people: people.toSorted((a, b) => (a.id < b.id ? -1 : 1)), call, entries: entries.slice(-20) }
}

for (const seed of [1, 2, 3, 4])
  test(`however connections break, nothing is lost, doubled or out of order; old state and events make the fresh state (seed ${seed})`, async ({
    expect,
  }) => {
    const random = seeded(seed)
    let loss = 0
    let haste = 1
    let breaks = 0
    // A hundred times faster than life, as are all the pauses once everybody is here: the limit on haste is another test's.
    const server = await startRoomServer({ now: () => Date.now() * 100 })
    onTestFinished(() => server.close())
    let ids = 0
    const names = ['Ana', 'Ben', 'Cy']
    const clients = names.map((name) =>
      join(server.url, name, {
        random,
        connect: (url) =>
          lossy(url, () => {
            if (random() >= loss) return false
            breaks += 1
            return true
          }),
        schedule: (delayMs, callback) => {
          const timer = setTimeout(callback, delayMs / haste)
          return () => clearTimeout(timer)
        },
        createClientId: () => {
          ids += 1
          return `${name} ${ids}`
        },
      }),
    )
    onTestFinished(() => {
      for (const client of clients) client.close()
    })
    // A welcome lost before its token was read makes another member, so nothing breaks before that and nobody gives up waiting.
    for (const client of clients) await until(client, ({ connection }) => connection === 'open')
    loss = 0.04
    haste = 100
    for (let round = 0; round < 60; round += 1) {
      const client = clients[Math.floor(random() * clients.length)] as RoomClient
      if (random() < 0.8) client.send(`round ${round}`)
      else if (random() < 0.5) client.rename(`${client.state().name}'`).catch(() => {})
      else
        server.bus.publish({
          type: 'callChanged',
          room: 'hall',
          people: round % 2 ? [{ identity: `ME_${round}`, name: 'Somebody' }] : [],
        })
      if (random() < 0.3) await new Promise(setImmediate)
      if (random() < 0.1) await until(client, ({ connection }) => connection === 'open')
    }
    for (const client of clients) await until(client, ({ pending }) => pending.length === 0)
    loss = 0
    for (const client of clients) await until(client, ({ connection }) => connection === 'open')
    expect(breaks).toBeGreaterThan(5)
    const fresh = join(server.url, 'Fresh')
    onTestFinished(() => fresh.close())
    await until(fresh, ({ entries }) => entries.at(-1)?.kind === 'joined')
    const last = fresh.state().entries.at(-1)?.seq
    for (const client of clients) {
      await until(client, ({ entries }) => entries.at(-1)?.seq === last)
      expect(view(client.state())).toEqual(view(fresh.state()))
    }
    const { rooms, entries: log } = server.storage.read
    const stored = log.after({ roomId: rooms.find('hall') ?? 0, reader: '', from: 0 }, 0, 1_000)
    expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1))
    const messages = stored.flatMap((entry) => (entry.kind === 'message' ? [entry] : []))
    expect(messages).toHaveLength(ids)
    for (const client of clients) {
      const { entries, me } = client.state()
      expect(entries).toEqual(stored.slice(-entries.length))
      const own = messages
        .filter(({ member }) => member === me?.id)
        .map(({ clientId }) => Number(clientId.split(' ')[1]))
      expect(own).toEqual(own.toSorted((a, b) => a - b))
      expect(new Set(own).size).toBe(own.length)
    }
    expect(stored.filter(({ kind }) => kind === 'joined')).toHaveLength(4)
  })
