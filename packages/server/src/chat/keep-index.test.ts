import { expect, onTestFinished, test } from 'vitest'
import { createBus } from '../events/bus.ts'
import { openStorage } from '../storage/open-storage.ts'
import { keepIndex } from './keep-index.ts'
import { sendMessage } from './send-message.ts'

const member = { id: 'ME_ana', name: 'Ana' }

/** A virtual clock: timers are run by `pass`. */
function start() {
  const storage = openStorage({ database: ':memory:' })
  const bus = createBus()
  let now = 0
  let timers: { at: number; callback: () => void }[] = []
  const stop = keepIndex({
    storage,
    bus,
    schedule(ms, callback) {
      const timer = { at: now + ms, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((each) => each !== timer)
      }
    },
    failed(error) {
      throw error
    },
  })
  onTestFinished(() => {
    stop()
    storage.close()
  })
  let sent = 0
  return {
    isBehind: () => storage.read.search.isBehind(),
    timers: () => timers.length,
    async say(count: number) {
      for (let n = 0; n < count; n += 1) {
        sent += 1
        await sendMessage({ storage, bus }, { room: 'hall', member }, { clientId: `c${sent}`, text: `Word ${sent}` })
      }
    },
    async pass(ms: number) {
      now += ms
      const due = timers.filter(({ at }) => at <= now)
      timers = timers.filter(({ at }) => at > now)
      for (const { callback } of due) callback()
      // What they stored.
      await storage.write(() => {})
      await new Promise(setImmediate)
    },
  }
}

test('few messages wait ten seconds to be taken up together', async () => {
  const { say, pass, isBehind, timers } = start()
  await pass(10_000)
  for (let round = 0; round < 2; round += 1) {
    await say(1)
    await pass(5_000)
    await say(1)
    await pass(4_999)
    expect(isBehind()).toBe(true)
    await pass(1)
    expect(isBehind()).toBe(false)
    expect(timers()).toBe(0)
  }
})

test('many are taken up soon, so that never much is taken up at once', async () => {
  const { say, pass, isBehind, timers } = start()
  await pass(10_000)
  for (let round = 0; round < 2; round += 1) {
    await say(63)
    await pass(100)
    expect(isBehind()).toBe(true)
    await say(2)
    expect(timers()).toBe(1)
    await pass(99)
    expect(isBehind()).toBe(true)
    await pass(1)
    expect(isBehind()).toBe(false)
  }
})
