/** What a page of somebody else can do in the browser of a member: see docs/decisions/0011. */
import { request } from 'node:http'
import { test } from 'vitest'
import { operations } from '../src/rest/operations.ts'
import { restServer } from './rest-harness.ts'
import { RawClient } from './room-harness.ts'

const addressOf = (path: string) =>
  path.replaceAll(/\{(\w+)\}/g, (_all, part: string) => ({ room: 'hall', id: 'FI_0000000000000000' })[part] ?? '2')
const routes = [
  ...operations.map(({ id, method, path }) => ({ id, method, path: addressOf(path) })),
  { id: 'stream', method: 'POST', path: '/socket/stream' },
  { id: 'frames', method: 'POST', path: '/socket/frames/ab' },
]

interface Answer {
  status: number | undefined
  headers: Record<string, unknown>
}

function asker(port: number) {
  return (method: string, path: string, headers: Record<string, string>, body = '{}'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
        response.resume()
        resolve({ status: response.statusCode, headers: response.headers })
      })
      asked.on('error', reject)
      asked.end(/^P/.test(method) ? body : undefined)
    })
}

test('a page of another site changes nothing, reads nothing, and is not given permission to try', async ({
  expect,
}) => {
  let now = Date.now()
  const { port } = await restServer({ now: () => now })
  const ask = asker(port)
  const origin = 'https://evil.example'
  for (const { id, method, path } of routes) {
    now += 1_000
    // What a browser sends without asking first.
    const simple = await ask(method, path, { origin, 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site' })
    expect([id, [401, 403, 404].includes(simple.status ?? 0)]).toEqual([id, true])
    expect(simple.headers).not.toHaveProperty('access-control-allow-origin')
    // What it asks before it sends a token, or anything but a form.
    const wish = { origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization' }
    const preflight = await ask('OPTIONS', path, wish)
    for (const header of ['origin', 'methods', 'headers', 'credentials'])
      expect([id, preflight.headers[`access-control-allow-${header}`]]).toEqual([id, undefined])
  }
})

test('a page whose name was made to stand for this machine is a stranger like any other in the network', async ({
  expect,
}) => {
  let now = Date.now()
  const { port, url, me, say } = await restServer({ now: () => now })
  const seq = await say('of Ana')
  const ask = asker(port)
  const headers = { host: `evil.example:${port}`, origin: `http://evil.example:${port}` }
  for (const { id, method, path } of routes.filter(({ path }) => path.startsWith('/api/'))) {
    now += 1_000
    const answer = await ask(method, path, headers)
    expect([id, answer.status]).toEqual([id, 401])
    // A browser adds nothing by itself to what such a page asks.
    expect([id, answer.headers['set-cookie'], answer.headers['www-authenticate']]).toEqual([id, undefined, undefined])
  }
  const page = new RawClient(url, { headers })
  const welcome = await page.enter('hall', 'Ana')
  expect(welcome.me.id).not.toBe(me.id)
  expect([welcome.me.owner, welcome.me.name]).toEqual([undefined, 'Ana 2'])
  await page.say({ type: 'edit', id: 1, target: seq, text: 'of another' })
  expect((await page.take('error')).code).toBe('not_yours')
  await page.say({ type: 'pin', id: 2, target: seq, on: true })
  expect((await page.take('error')).code).toBe('owner_only')
  page.socket.terminate()
})
