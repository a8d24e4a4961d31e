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
  expect(writer.unsent).toBeGreaterThan(0)
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
