import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectSecurely, createServer as createSecureServer } from 'node:tls'
import { onTestFinished, test } from 'vitest'
import { makeAuthority, makeLeaf } from '../tls/authority.ts'
import { DirectWriter } from './direct-writer.ts'

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('nothing is lost or out of order where the reader is slower than the writer, and lent memory may be used anew at once', async ({
  expect,
}) => {
  const server = createServer()
  const port = await listen(server)
  const far = connect(port, '127.0.0.1').pause()
  const [near] = (await once(server, 'connection')) as [Socket]
  const writer = new DirectWriter(near)
  const lent = Buffer.alloc(100_000)
  const expected: string[] = []
  for (let n = 0; n < 200; n += 1) {
    const line = `${n} `.repeat(n % 2 === 0 ? 5 : 12_000)
    expected.push(line)
    writer.write(lent.subarray(0, lent.write(line)), true)
  }
  expect(near.writableLength).toBeGreaterThan(0)
  near.end()
  expect(await text(far)).toBe(expected.join(''))
})

test('behind more than may wait nothing is taken, and all before it arrives', async ({ expect }) => {
  const server = createServer()
  const port = await listen(server)
  const far = connect(port, '127.0.0.1').pause()
  const [near] = (await once(server, 'connection')) as [Socket]
  const writer = new DirectWriter(near)
  const expected: string[] = []
  for (let n = 0; ; n += 1) {
    const line = `${n} `.repeat(20_000)
    if (!writer.write(Buffer.from(line), false, 200_000)) break
    expected.push(line)
  }
  expect(near.writableLength).toBeGreaterThan(200_000)
  expect(writer.write(Buffer.from('too much'), true, 200_000)).toBe(false)
  near.end()
  expect(await text(far)).toBe(expected.join(''))
})

test('after its socket is gone nothing is written, though the descriptor may be another connection by then', async ({
  expect,
}) => {
  const server = createServer({ allowHalfOpen: true })
  const port = await listen(server)
  connect(port, '127.0.0.1').on('error', () => {})
  const [near] = (await once(server, 'connection')) as [Socket]
  near.on('error', () => {})
  const writer = new DirectWriter(near)
  near.destroy()
  // Either end of the next connection has the number that is free now.
  const other = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [second] = (await once(server, 'connection')) as [Socket]
  writer.write(Buffer.from('for somebody else'), false)
  other.end()
  second.end()
  expect(await Promise.all([text(other), text(second)])).toEqual(['', ''])
})

/** What may end a connection on this side, with or without its socket knowing. */
const endings: Record<string, (socket: Socket) => void> = {
  destroyed: (socket) => void socket.destroy(),
  reset: (socket) => void socket.resetAndDestroy(),
  ended: (socket) => void socket.end(),
  'ended and gone': (socket) => socket.destroySoon(),
  'closed beneath its socket': (socket) => (socket as Socket & { _handle: { close(): void } | null })._handle?.close(),
}

test.for(Object.entries(endings))(
  'who is connected hears nothing of what is written to connections before it that were %s',
  async ([, finish], { expect }) => {
    const server = createServer({ allowHalfOpen: true })
    const port = await listen(server)
    const open = async () => {
      const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
      const [near] = (await once(server, 'connection')) as [Socket]
      near.on('error', () => {})
      onTestFinished(() => void far.destroy())
      onTestFinished(() => void near.destroy())
      return { far, near, writer: new DirectWriter(near) }
    }
    const before: Awaited<ReturnType<typeof open>>[] = []
    while (before.length < 20) before.push(await open())
    // A part goes by the socket first: what waits there is not overtaken by others' bytes either.
    for (const { near, far } of before.slice(10)) near.write(Buffer.alloc(1_000_000), () => far.destroy())
    for (const { near } of before) finish(near)
    const after: Awaited<ReturnType<typeof open>>[] = []
    for (let n = 0; n < 20; n += 1) {
      after.push(await open())
      for (const { writer } of before) {
        try {
          writer.write(Buffer.from('for somebody else'), n % 2 === 0)
        } catch {
          // Node's own complaint of a socket whose handle somebody else has closed.
        }
      }
    }
    for (const { writer, near, far } of after) {
      writer.write(Buffer.from('own'), false)
      near.end()
      far.end()
    }
    const heard = await Promise.all(after.flatMap(({ near, far }) => [text(far), text(near)]))
    expect(new Set(heard)).toEqual(new Set(['own', '']))
    expect(heard.filter((each) => each === 'own')).toHaveLength(20)
  },
)

test('what the socket was given before goes before, and what it is given later later', async ({ expect }) => {
  const server = createServer()
  const port = await listen(server)
  const far = connect(port, '127.0.0.1').pause()
  const [near] = (await once(server, 'connection')) as [Socket]
  const writer = new DirectWriter(near)
  const expected: string[] = []
  for (let n = 0; n < 300; n += 1) {
    const line = `${n} `.repeat(n % 7 === 0 ? 20_000 : 3)
    expected.push(line)
    // Held back by the socket, with room enough below it.
    if (n % 30 === 20) near.cork()
    if (n % 3 === 0) near.write(line)
    else writer.write(Buffer.from(line), false)
    if (n % 30 === 25) near.uncork()
    // Now and then the reader catches up, so that both ways are gone with and without something that waits.
    if (n % 60 === 59) {
      far.resume()
      await new Promise((resolve) => near.write('', resolve))
      far.pause()
    }
  }
  near.end()
  expect(await text(far)).toBe(expected.join(''))
})

test('on a TLS connection everything goes through TLS', async ({ expect }) => {
  const now = new Date()
  const authority = await makeAuthority({ hostname: 'test', now })
  const certificate = await makeLeaf(authority, { names: { dns: ['localhost'], ip: [] }, now })
  const server = createSecureServer({ key: certificate.key, cert: certificate.certificate })
  const port = await listen(server)
  const far = connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false })
  const [near] = (await once(server, 'secureConnection')) as [Socket]
  new DirectWriter(near).write(Buffer.from('hidden'), false)
  near.end()
  expect(await text(far)).toBe('hidden')
})
