import type { Line } from '@maru/protocol'
import { describe, expect, test } from 'vitest'
import { buildTimeline, eventLines } from './timeline.ts'

const noon = new Date(2026, 10, 22, 12).getTime()
const minute = 60_000
let seq = 0

function says(member: string, text: string, at = noon): Line {
  seq += 1
  return { kind: 'message', seq, at, member, name: member, text, clientId: `c${seq}` }
}
function comes(
  member: string,
  kind: 'joined' | 'left' = 'joined',
  at = noon,
): Extract<Line, { kind: 'joined' | 'left' }> {
  seq += 1
  return { kind, seq, at, member, name: member }
}
function rowsOf(entries: Line[], more: Partial<Parameters<typeof buildTimeline>[0]> = {}) {
  return buildTimeline({ entries, pending: [], me: 'me', newFrom: undefined, ...more })
}

describe('the timeline', () => {
  test('groups what one person says within five minutes', () => {
    const rows = rowsOf([
      says('ana', 'one'),
      says('ana', 'two', noon + minute),
      says('ana', 'three', noon + 7 * minute),
      says('ben', 'four', noon + 7 * minute),
      says('ana', 'five', noon + 7 * minute),
    ])
    expect(rows.flatMap((row) => (row.kind === 'message' ? [row.head] : []))).toEqual([true, false, true, true, true])
  })

  test('starts each day with a line, also within a group', () => {
    const rows = rowsOf([says('ana', 'late', noon + 719 * minute), says('ana', 'early', noon + 721 * minute)])
    expect(rows.map((row) => row.kind)).toEqual(['day', 'message', 'day', 'message'])
    expect(rows.at(-1)).toMatchObject({ head: true })
  })

  test('puts those who came and went in a row into one line, each name once', () => {
    const rows = rowsOf([
      comes('ana'),
      comes('ben'),
      comes('ana'),
      comes('ben', 'left'),
      says('ana', 'hi'),
      comes('cho'),
    ])
    expect(rows.map((row) => row.kind)).toEqual(['day', 'events', 'message', 'events'])
    const [, line] = rows
    expect(line?.kind === 'events' && eventLines(line.events)).toEqual([
      { kind: 'joined', names: ['ana', 'ben'] },
      { kind: 'left', names: ['ben'] },
    ])
  })

  test('tells many comings and goings by how each person ended up', () => {
    const events = [comes('ana'), comes('ben'), comes('ben', 'left'), comes('ben'), comes('cho'), comes('cho', 'left')]
    expect(eventLines(events)).toEqual([
      { kind: 'joined', names: ['ana', 'ben'] },
      { kind: 'left', names: ['cho'] },
    ])
  })

  test('marks where the unread begins, before the first message and not before a joined line', () => {
    const entries = [says('ana', 'read'), comes('ben'), says('ben', 'unread'), says('ben', 'also')]
    const rows = rowsOf(entries, { newFrom: (entries[0]?.seq ?? 0) + 1 })
    expect(rows.map((row) => row.kind)).toEqual(['day', 'message', 'events', 'new', 'message', 'message'])
    expect(rows[4]).toMatchObject({ head: true })
  })

  test('puts own messages on their way last, in one group with the own ones before', () => {
    const pending = [
      { clientId: 'a', text: 'on its way', state: 'sending' as const },
      { clientId: 'b', text: 'stuck', state: 'failed' as const },
    ]
    const own = rowsOf([says('me', 'sent')], { pending })
    expect(own.slice(-2)).toMatchObject([
      { kind: 'pending', head: false },
      { kind: 'pending', head: false },
    ])
    const others = rowsOf([says('ana', 'sent')], { pending })
    expect(others.slice(-2)).toMatchObject([
      { kind: 'pending', head: true },
      { kind: 'pending', head: false },
    ])
  })

  test('keeps its keys when older entries come before and newer after', () => {
    const entries = [says('ana', 'a'), comes('ben'), says('ben', 'b'), says('ben', 'c')]
    const part = rowsOf(entries.slice(2, 3)).map((row) => row.key)
    const whole = rowsOf(entries).map((row) => row.key)
    expect(whole).toEqual(expect.arrayContaining(part))
    expect(new Set(whole).size).toBe(whole.length)
  })
})
