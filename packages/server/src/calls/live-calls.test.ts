import { expect, test } from 'vitest'
import { joinRequest, permissions } from '../../test/staged-call.ts'
import { createFakeEngine } from '../media/fake-engine.ts'
import type { EngineCommand } from '../media/media-engine.ts'
import type { CallMessage } from './effect.ts'
import { createLiveCalls } from './live-calls.ts'

function setUp() {
  const engine = createFakeEngine()
  const taken = engine.apply
  const told: { to: string[]; message: CallMessage }[] = []
  const logged: string[] = []
  const state = { now: 0, isFull: false, failsFor: '', wakes: 0 }
  engine.apply = (commands: EngineCommand[]) => {
    if (state.isFull) throw new Error('the queue is full')
    taken(commands)
  }
  let chance = 0
  const calls = createLiveCalls({
    engine,
    now: () => state.now,
    schedule: () => () => {},
    random: (size) => Uint8Array.from({ length: size }, () => chance++),
    deliver: (to, message) => {
      if (to.includes(state.failsFor)) throw new Error('cannot be written')
      told.push({ to, message })
    },
    refreshToken: () => {},
    disconnect: () => {},
    publish: () => {},
    happened: () => {},
    readData: () => undefined,
    awake: () => {
      state.wakes += 1
    },
    log: { debug: () => {}, error: (message) => void logged.push(message) },
  })
  const join = (call: string, sid: string) => calls.join(call, joinRequest(sid, { sid }), {})
  const leaves = () => told.flatMap(({ to, message }) => (message.type === 'leave' ? [[...to, message.reason]] : []))
  return { engine, calls, state, logged, join, leaves, told }
}

test('commands that a full queue does not take wait, in order, and nothing is said twice about it', () => {
  const { engine, calls, state, logged, join } = setUp()
  state.isFull = true
  join('hall', 'PA_ana')
  join('hall', 'PA_bo')
  expect(engine.commands).toEqual([])
  state.isFull = false
  calls.tick()
  const opened = engine.commands.filter(({ type }) => type === 'openTransport')
  expect(opened.map((command) => 'transport' in command && command.transport)).toEqual([1, 2, 3, 4])
  expect(logged).toEqual(['the media engine takes no more commands'])
})

test.each<[string, (it: ReturnType<typeof setUp>) => void]>([
  [
    'too much of it waits',
    ({ calls }) => {
      for (let n = 0; n <= 10_001; n += 1) calls.fromClient('PA_ana', { type: 'offer', offer: n, sdp: 'v=0' })
    },
  ],
  [
    'it waits too long',
    ({ calls, state }) => {
      calls.fromClient('PA_ana', { type: 'offer', offer: 1, sdp: 'v=0' })
      calls.tick()
      state.now = 10_000
      calls.tick()
    },
  ],
])('an engine that takes nothing any more ends the calls when %s', (_when, stand) => {
  const it = setUp()
  const { calls, state, join, leaves } = it
  join('hall', 'PA_ana')
  state.isFull = true
  stand(it)
  expect(calls.works()).toBe(false)
  expect(leaves()).toEqual([['PA_ana', 'mediaFailure']])
  expect(() => calls.checkJoin('hall', { identity: 'bo', kind: 'standard', permissions })).toThrow('has stopped')
})

test('a call that cannot take a tick does not keep the others from theirs', () => {
  const { calls, state, logged, join, leaves } = setUp()
  join('hall', 'PA_ana')
  join('attic', 'PA_bo')
  state.failsFor = 'PA_ana'
  state.now = 60_000
  calls.tick()
  expect(leaves()).toEqual([['PA_bo', 'joinFailure']])
  expect(logged).toEqual(['a call could not take an input'])
})

test('time brings nothing about without a call, unless commands wait', () => {
  const { engine, calls, state, join } = setUp()
  expect([calls.isAsleep(), state.wakes]).toEqual([true, 0])
  join('hall', 'PA_ana')
  expect([calls.isAsleep(), state.wakes]).toEqual([false, 1])
  state.isFull = true
  calls.end('hall', 'roomClosed')
  expect([calls.isAsleep(), state.wakes, calls.stats().rooms]).toEqual([false, 2, 0])
  state.isFull = false
  calls.tick()
  expect(calls.isAsleep()).toBe(true)
  expect(engine.commands.at(-1)).toMatchObject({ type: 'closeTransport' })
  join('attic', 'PA_bo')
  expect([calls.isAsleep(), state.wakes]).toEqual([false, 3])
})
