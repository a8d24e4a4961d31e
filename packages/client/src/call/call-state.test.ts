import { expect, test } from 'vitest'
import { type CallEvent, type CallState, step } from './call-state.ts'

function after(...events: CallEvent[]): CallState {
  return events.reduce(step, { phase: 'idle' } as CallState)
}

const joined: CallEvent[] = [{ type: 'joinAsked' }, { type: 'connected' }]
const lost: CallEvent = { type: 'lost', reason: 'server_gone' }

test('a join that works is live', () => {
  expect(after({ type: 'joinAsked' })).toEqual({ phase: 'joining', attempt: 1 })
  expect(after(...joined)).toEqual({ phase: 'live' })
})

test('a short break is mended without a new join', () => {
  expect(after(...joined, { type: 'wavered' })).toEqual({ phase: 'reconnecting', attempt: 0 })
  expect(after(...joined, { type: 'wavered' }, { type: 'mended' })).toEqual({ phase: 'live' })
})

test('a lost call is tried again, later each time, and is live once a try works', () => {
  const first = after(...joined, { type: 'wavered' }, lost)
  expect(first).toEqual({ phase: 'reconnecting', attempt: 1, retryInMs: 300 })
  const second = step(step(first, { type: 'retryDue' }), lost)
  expect(second).toEqual({ phase: 'reconnecting', attempt: 2, retryInMs: 1_000 })
  expect(step(step(second, { type: 'retryDue' }), { type: 'connected' })).toEqual({ phase: 'live' })
})

test('a first join gives up soon, a return gives up late', () => {
  const tries = (from: CallState): number => {
    let count = 0
    for (let state = from; state.phase !== 'ended'; state = step(step(state, { type: 'retryDue' }), lost)) count += 1
    return count
  }
  expect(tries(after({ type: 'joinAsked' }))).toBe(3)
  expect(tries(after(...joined))).toBeGreaterThan(30)
})

test('being removed, replaced or refused ends the call at once', () => {
  for (const reason of ['removed', 'duplicate', 'call_closed', 'room_full', 'refused'] as const) {
    expect(after(...joined, { type: 'lost', reason })).toEqual({ phase: 'ended', reason })
  }
})

test('late news of an ended call changes nothing, and it can be joined again', () => {
  const left = after(...joined, { type: 'left' })
  for (const event of [lost, { type: 'connected' }, { type: 'retryDue' }, { type: 'wavered' }] as CallEvent[]) {
    expect(step(left, event)).toBe(left)
  }
  expect(step(left, { type: 'joinAsked' })).toEqual({ phase: 'joining', attempt: 1 })
})

test('a second report of the same loss does not shorten the wait', () => {
  const waiting = after(...joined, lost)
  expect(step(waiting, lost)).toBe(waiting)
})
