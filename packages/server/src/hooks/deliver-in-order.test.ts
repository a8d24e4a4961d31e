import { expect, test } from 'vitest'
import { deliverInOrder, type WaitingLine } from './deliver-in-order.ts'

/** Receivers that answer what the test wants, with timers that the test runs. */
function setUp(urls = ['http://a'], left: WaitingLine[] = [], since = 0) {
  const clock = { now: since }
  const tried: string[] = []
  const lost: [url: string, count: number, why: string][] = []
  const timers = new Map<() => void, number>()
  const answers: (number | Error | Promise<number>)[] = []
  const out = deliverInOrder({
    urls,
    left,
    headers: async (body) => ({ signed: `${body} at ${clock.now}` }),
    post: async ({ url, headers, body, isTrusted }) => {
      expect([headers.signed, isTrusted]).toEqual([`${body} at ${clock.now}`, true])
      tried.push(urls.length > 1 ? `${url} ${body}` : body)
      const answer = answers.shift() ?? 200
      if (answer instanceof Error) throw answer
      return await answer
    },
    schedule: (delayMs, callback) => {
      timers.set(callback, delayMs)
      return () => void timers.delete(callback)
    },
    now: () => clock.now,
    lost: (...about) => void lost.push(about),
  })
  const settle = async () => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
  }
  /** Lets the waiting attempts begin and tells how long they had to wait. */
  const wait = async () => {
    const begin = clock.now
    const delays = [...timers.values()]
    for (const [callback, delay] of [...timers]) {
      timers.delete(callback)
      clock.now = begin + delay
      callback()
    }
    await settle()
    return delays
  }
  return { out, clock, tried, lost, answers, settle, wait }
}

test('one line waits for its first, again and again and longer each time, while others go on', async () => {
  const { out, tried, answers, settle, wait } = setUp()
  answers.push(500)
  out.send('hall', 'h1')
  out.send('hall', 'h2')
  await settle()
  out.send('attic', 'a1')
  await settle()
  expect(tried).toEqual(['h1', 'a1'])
  answers.push(new Error('nobody there'), 429, 204)
  expect(await wait()).toEqual([1_000])
  expect(await wait()).toEqual([2_000])
  expect(await wait()).toEqual([4_000])
  expect(tried).toEqual(['h1', 'a1', 'h1', 'h1', 'h1', 'h2'])
  answers.push(503)
  out.send('hall', 'h3')
  await settle()
  expect(await wait()).toEqual([1_000])
})

test('what is refused or an hour old is given up, and said seldom', async () => {
  const { out, clock, tried, lost, answers, settle, wait } = setUp()
  answers.push(404, 302, 410)
  for (const body of ['1', '2', '3', '4']) out.send('hall', body)
  await settle()
  expect([tried, lost]).toEqual([['1', '2', '3', '4'], [['http://a', 1, 'answered 404']]])
  clock.now += 60_000
  answers.push(...Array(40).fill(500))
  out.send('hall', '5')
  await settle()
  while (lost.length < 2) await wait()
  expect(lost[1]).toEqual(['http://a', 3, 'answered 500'])
  expect(clock.now).toBeLessThan(2 * 3_600_000)
})

test('each address has what is its own', async () => {
  const { out, tried, answers, settle, wait } = setUp(['http://a', 'http://b'])
  answers.push(500)
  out.send('hall', '1')
  out.send('hall', '2')
  await settle()
  expect(tried).toEqual(['http://a 1', 'http://b 1', 'http://b 2'])
  await wait()
  expect(tried.slice(3)).toEqual(['http://a 1', 'http://a 2'])
})

test('no more waits than can be kept', async () => {
  const { out, lost, answers } = setUp()
  answers.push(new Promise(() => {}))
  for (let count = 0; count <= 10_000; count += 1) out.send('hall', String(count))
  expect(lost).toEqual([['http://a', 1, 'too much waits']])
})

test('what waits at the end is handed out, and a next run goes on with it: in order, at its time', async () => {
  const { out, tried, lost, answers, settle } = setUp()
  answers.push(500)
  for (const body of ['h1', 'h2']) out.send('hall', body)
  await settle()
  answers.push(200, 503)
  for (const body of ['a1', 'a2']) out.send('attic', body)
  await settle()
  await out.close()
  out.send('hall', 'h3')
  await settle()
  expect([tried, lost]).toEqual([['h1', 'a1', 'a2'], []])
  const left = out.waiting()
  const bodies = (...texts: string[]) => texts.map((text) => ({ text, since: 0 }))
  expect(left).toEqual([
    { url: 'http://a', line: 'hall', bodies: bodies('h1', 'h2', 'h3'), attempts: 1, at: 1_000 },
    { url: 'http://a', line: 'attic', bodies: bodies('a2'), attempts: 1, at: 1_000 },
  ])

  const next = setUp(['http://a'], left, 400)
  next.out.send('hall', 'h4')
  next.out.send('cellar', 'c1')
  await next.settle()
  expect(next.tried).toEqual(['c1'])
  next.answers.push(500)
  expect(await next.wait()).toEqual([600, 600])
  expect(next.tried).toEqual(['c1', 'h1', 'a2'])
  expect(await next.wait()).toEqual([2_000])
  expect(next.tried.slice(3)).toEqual(['h1', 'h2', 'h3', 'h4'])
  expect(next.out.waiting()).toEqual([])
})

test('what is under way when the time is up is handed out as well', async () => {
  const { out, answers, settle } = setUp()
  answers.push(new Promise(() => {}))
  out.send('hall', '1')
  await settle()
  void out.close()
  expect(out.waiting()).toMatchObject([{ line: 'hall', bodies: [{ text: '1' }], attempts: 0 }])
})

test('an hour goes on while the server is down, and an address that is not told any more loses what is its own', async () => {
  const old = { line: 'hall', bodies: [{ text: '1', since: 0 }], attempts: 9, at: 10 }
  const left = [
    { ...old, url: 'http://a' },
    { ...old, url: 'http://gone' },
  ]
  const { out, tried, lost, answers, wait } = setUp(['http://a'], left, 3_600_000)
  answers.push(500)
  await wait()
  expect([tried, lost, out.waiting()]).toEqual([['1'], [['http://a', 1, 'answered 500']], []])
})

test('a clock that was put back keeps nothing waiting for long', async () => {
  const left = [{ url: 'http://a', line: 'hall', bodies: [{ text: '1', since: 9e9 }], attempts: 1, at: 9e9 }]
  expect(await setUp(['http://a'], left).wait()).toEqual([2_000])
})
