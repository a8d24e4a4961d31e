import { expect, test } from 'vitest'
import { patientFetch } from './patient-fetch.ts'

/** A server that answers with these statuses, where 0 is nobody, and how it was asked. */
function asked(statuses: number[], stop = new AbortController()) {
  const pauses: number[] = []
  const fetcher = (async () => {
    const status = statuses.shift() ?? 200
    if (status === 0) throw new TypeError('fetch failed')
    return new Response('', { status })
  }) as typeof fetch
  const pause = async (failures: number) => void pauses.push(failures)
  const answer = patientFetch('/x', { signal: stop.signal }, { fetcher, pause })
  return {
    answer: answer.then(
      ({ status }) => status,
      (error: Error) => error.name,
    ),
    pauses,
    left: statuses,
  }
}

test.each<[string, number[], number | string, number]>([
  ['a server that begins anew is asked again', [0, 0, 503], 200, 3],
  ['one that asks for patience too', [429], 200, 1],
  ['a refusal is an answer', [401, 200], 401, 0],
  ['so is what is not there', [404, 200], 404, 0],
  ['nobody for long is nobody', [0, 0, 0, 0, 0, 0, 0], 'TypeError', 5],
  ['a problem for long is one', [500, 500, 500, 500, 500, 500, 500], 500, 5],
])('%s', async (_what, statuses, outcome, pauses) => {
  const it = asked(statuses)
  expect(await it.answer).toBe(outcome)
  expect(it.pauses).toEqual(Array.from({ length: pauses }, (_, index) => index + 1))
})

test('whoever goes away asks no more', async () => {
  const stop = new AbortController()
  const it = asked([0, 0, 0], stop)
  stop.abort()
  expect(await it.answer).toBe('TypeError')
  expect(it.left).toHaveLength(2)
})
