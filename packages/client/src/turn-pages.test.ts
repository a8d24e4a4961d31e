import type { Line } from '@maru/protocol'
import { expect, test } from 'vitest'
import { initialState, type RoomState } from './room-state.ts'
import { reduce } from './state.ts'

const say = (seq: number, more: { root?: number } = {}): Line => ({
  kind: 'message',
  seq,
  at: seq,
  member: 'ME_b',
  name: 'Ben',
  clientId: `${seq}`,
  text: `${seq}`,
  ...more,
})
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => say(from + index))
const seqs = (entries: readonly Line[] | undefined) => entries?.map(({ seq }) => seq)
const holding = (more: Partial<RoomState>): RoomState => ({
  ...initialState('hall', 'Ana'),
  connection: 'open',
  ...more,
})

test('who pages back holds a window, and meets the newest lines again on the way down', () => {
  let state = holding({ entries: range(901, 1000), cursor: 1000, hasOlder: true })
  const { view } = state
  for (const first of [901, 851])
    state = reduce(state, { type: 'olderLoaded', first, entries: range(first - 50, first - 1), hasOlder: true })
  state = reduce(state, { type: 'trimmed', keep: 'first', lines: 120 })
  expect(seqs(state.past?.entries)?.slice(0, 1)).toEqual([801])
  expect(state.past).toMatchObject({ hasOlder: true, hasNewer: true })
  expect(state.past?.entries).toHaveLength(120)
  expect(state).toMatchObject({ hasOlder: true, view })
  expect(state.entries).toHaveLength(50)

  state = reduce(state, { type: 'received', message: { type: 'entry', entry: say(1001), prev: 1000 }, at: 0 })
  state = reduce(state, { type: 'newerLoaded', last: 920, entries: range(921, 970), hasNewer: true })
  expect(state.past).toBeUndefined()
  expect(seqs(state.entries)).toEqual(seqs(range(801, 1001)))
  expect(state.view).toBe(view)
  state = reduce(state, { type: 'trimmed', keep: 'last', lines: 100 })
  expect(seqs(state.entries)).toEqual(seqs(range(902, 1001)))
  expect(state.hasOlder).toBe(true)
  expect(reduce(state, { type: 'trimmed', keep: 'last', lines: 100 })).toBe(state)
})

test('what is shown begins anew with a jump, a return and a reset', () => {
  const live = holding({ entries: range(901, 1000), cursor: 1000, hasOlder: true })
  const jumped = reduce(live, { type: 'jumped', entries: range(1, 50), hasOlder: false, hasNewer: true })
  const back = reduce(jumped, { type: 'returned' })
  expect([live.view, jumped.view, back.view]).toEqual([0, 1, 2])
  expect(reduce(back, { type: 'returned' })).toBe(back)
})

test('a thread takes the answers that come, changes of them, and pages before', () => {
  const root = 10
  const open = holding({ entries: range(95, 100), cursor: 100, hasOlder: true })
  let state = reduce(open, {
    type: 'threadLoaded',
    root,
    entries: [say(50, { root }), say(60, { root })],
    hasOlder: true,
  })
  const hear = (entry: Line | object, prev: number) => {
    state = reduce(state, { type: 'received', message: { type: 'entry', entry, prev } as never, at: 0 })
  }
  hear(say(101, { root }), 100)
  hear(say(102, { root: 11 }), 101)
  hear({ kind: 'edited', seq: 103, at: 103, member: 'ME_b', name: 'Ben', target: 50, text: 'new' }, 102)
  expect(seqs(state.thread?.entries)).toEqual([50, 60, 101])
  expect(state.thread?.entries[0]).toMatchObject({ text: 'new', edited: 103 })
  const page = { type: 'threadLoaded', root, entries: [say(root), say(20, { root })], hasOlder: false } as const
  expect(seqs(reduce(state, { ...page, first: 60 }).thread?.entries)).toEqual([50, 60, 101])
  state = reduce(state, { ...page, first: 50 })
  expect(seqs(state.thread?.entries)).toEqual([10, 20, 50, 60, 101])
  expect(state.thread?.hasOlder).toBe(false)
  expect(reduce(state, { type: 'threadClosed' }).thread).toBeUndefined()
})
