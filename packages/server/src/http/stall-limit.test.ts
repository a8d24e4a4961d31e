import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createApp } from './app.ts'

/** More than the system takes for somebody who does not read. */
const PIECE = Buffer.alloc(1_048_576)
const MINUTE_MS = 60_000
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server on a virtual clock, and a reader of the answer that it begins with `begin`. */
async function start(begin: (response: ServerResponse) => void) {
  let now = 0
  const timers = new Set<{ at: number; callback: () => void }>()
  const app = createApp({
    schedule(delayMs, callback) {
      const timer = { at: now + delayMs, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  })
  const asked = new Promise<ServerResponse>((resolve) => {
    app.route('GET', '/', (_request, response) => {
      begin(response)
      resolve(response)
    })
  })
  app.server.listen(0, '127.0.0.1')
  await once(app.server, 'listening')
  const reader = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  reader.on('error', () => {})
  closers.push(() => {
    reader.destroy()
    app.server.close()
  })
  reader.pause()
  reader.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  return {
    response: await asked,
    reader,
    timers,
    pass(ms: number) {
      now += ms
      for (const timer of [...timers])
        if (timer.at <= now) {
          timers.delete(timer)
          timer.callback()
        }
    },
  }
}

/** Gives pieces until the reader's way is full. */
function fill(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const more = () => {
      if (!response.write(PIECE)) {
        const waits = setImmediate(() => setImmediate(resolve))
        response.once('drain', () => {
          clearImmediate(waits)
          more()
        })
      } else more()
    }
    more()
  })
}

test('an answer of which nothing is taken is broken off', async () => {
  const { response, pass, timers } = await start((response) => response.write('so it begins'))
  await fill(response)
  pass(2 * MINUTE_MS)
  expect(response.destroyed).toBe(false)
  const closed = once(response, 'close')
  pass(2 * MINUTE_MS)
  await closed
  expect(timers.size).toBe(0)
})

test('one of which a little is taken goes on', async () => {
  const { response, reader, pass } = await start((response) => response.write('so it begins'))
  await fill(response)
  for (let round = 0; round < 5; round += 1) {
    pass(2 * MINUTE_MS)
    const goesOn = once(response, 'drain')
    reader.resume()
    await goesOn
    reader.pause()
    await fill(response)
  }
  expect(response.destroyed).toBe(false)
})

test('one that waits for the server may take as long as it likes, and its watch ends with it', async () => {
  const { response, reader, pass, timers } = await start((response) => response.write('so it begins'))
  for (let round = 0; round < 5; round += 1) pass(2 * MINUTE_MS)
  expect(response.destroyed).toBe(false)
  reader.resume()
  response.end()
  await once(response, 'close')
  expect(timers.size).toBe(0)
})
