import { constants, DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { prepareTables } from './open-storage.ts'
import { openSqlite } from './sqlite.ts'

/** Steps of a plan that read all of something, and why each may. */
const allowed: [step: RegExp, reason: string][] = [
  [/^SCAN (indexed|CONSTANT ROW)/, 'it has one row'],
  [/^SCAN room\b/, 'rooms are few beside what is in them; asked for numbers of the server and when the house is kept'],
  [/^SCAN (hook|presence)$/, 'all of them are wanted, once, at the start'],
  [/^SCAN transfer$/, 'they live for five minutes'],
  [/^SCAN message_index VIRTUAL TABLE INDEX [0-9]+:M\d*<>$/, 'by its words, between two ids'],
  [/^SCAN file USING COVERING INDEX file_by_size$/, 'a sum of all sizes, and nothing but sizes is read'],
  [/^SCAN file USING INDEX file_(unsent|gone)$/, 'an index of just those that are meant'],
  [/^SCAN (unread|newest|called|found)$/, 'a part of the same statement that has an end'],
]

/** Every statement that the storage prepares, with the steps of its plan. */
function plans(): { sql: string; steps: string[] }[] {
  const prepared = vi.spyOn(DatabaseSync.prototype, 'prepare')
  onTestFinished(() => prepared.mockRestore())
  const db = openSqlite(':memory:')
  prepareTables(db, Date.now)
  const own = new Set(prepared.mock.calls.map(([sql]) => sql).filter((sql) => !/^(pragma|explain)/.test(sql)))
  return Array.from(own, (sql) => {
    const rows = db.statement(`explain query plan ${sql}`)(...Array(sql.split('?').length - 1).fill(null))
    return { sql, steps: rows.map(({ detail }) => String(detail)) }
  })
}

const planOf = (part: RegExp) => plans().filter(({ sql }) => part.test(sql))

test('no statement reads all of a table, but for those that may', () => {
  const all = plans()
  expect(all.length).toBeGreaterThan(90)
  const whole = all.flatMap(({ sql, steps }) =>
    steps
      .filter((step) => /^SCAN/.test(step) && !allowed.some(([known]) => known.test(step)))
      .map((step) => `${step}: ${sql}`),
  )
  expect(whole).toEqual([])
})

test('no statement reads all entries of a room', () => {
  const whole = plans().flatMap(({ sql, steps }) =>
    steps
      .filter((step) => /^SEARCH \w+ USING (COVERING )?INDEX entry_by_seq \(room_id=\?\)$/.test(step))
      // What begins at one end and stops soon is none of them.
      .filter(() => !/order by "seq" limit \? \+ 0$/.test(sql) && !/^insert/.test(sql))
      .map((step) => `${step}: ${sql}`),
  )
  expect(whole).toEqual([])
})

test('a thread is read by its root, what is looked up by its number', () => {
  const [thread] = planOf(/"entry"."root" = \?/)
  expect(thread?.steps[0]).toBe('SEARCH entry USING INDEX entry_by_root (room_id=? AND root=? AND seq<?)')
  const [lookUp] = planOf(/"entry"."line" = 1 and "entry"."seq" in/)
  expect(lookUp?.steps[0]).toBe('SEARCH entry USING INDEX entry_by_seq (room_id=? AND seq=?)')
})

test('a page passes over nothing that others say in private, and over no changes', () => {
  const page = planOf(/left join "entry" as "other".*"entry"."line" = 1(?! and "entry"."seq" in)/).map(
    ({ steps }) => steps[0],
  )
  const bounds = ['seq<?', 'seq>?']
  expect(page).toEqual(
    bounds.flatMap((seq) => [
      `SEARCH entry USING INDEX entry_public (room_id=? AND ${seq})`,
      `SEARCH entry USING INDEX entry_private_to (room_id=? AND to_id=? AND ${seq})`,
      `SEARCH entry USING INDEX entry_private_from (room_id=? AND member_id=? AND ${seq})`,
    ]),
  )
  // Whether there is more, the last message and what lies before it, what is unread.
  const others = planOf(/"line" = 1/).filter(({ sql }) => !/left join/.test(sql))
  expect(others.length).toBe(7)
  const steps = others.flatMap(({ steps }) => steps.filter((step) => /^SEARCH entry/.test(step)))
  const known =
    /^SEARCH entry USING (COVERING )?INDEX entry_(public \(room_id=\? AND seq[<>]\?|private_to \(room_id=\? AND to_id=\?|private_from \(room_id=\? AND member_id=\?)/
  expect(steps.filter((step) => !known.test(step))).toEqual([])
})

test('a member is found by name without reading the room, and nobody waits for a name that many have', () => {
  const [named] = planOf(/as "slot19"/)
  expect(named?.steps.filter((step) => /^SEARCH/.test(step))).toEqual(
    Array(20).fill('SEARCH membership USING COVERING INDEX membership_by_key (room_id=? AND key=?)'),
  )
  expect(named?.steps.filter((step) => /TEMP B-TREE/.test(step))).toEqual([])
})

test('mentions, files and opinions are found by what is asked for', () => {
  const steps = (part: RegExp) => planOf(part).flatMap(({ steps }) => steps.filter((step) => /^SEARCH/.test(step)))
  expect(steps(/from "mention" where .*"seq" > /)).toEqual([
    'SEARCH mention USING PRIMARY KEY (room_id=? AND member_id=? AND seq>?)',
    'SEARCH mention USING PRIMARY KEY (room_id=? AND member_id=? AND seq>?)',
  ])
  expect(steps(/delete from "mention" where .*"seq" <= /)).toEqual([
    'SEARCH mention USING COVERING INDEX mention_by_message (room_id=? AND seq<?)',
  ])
  expect(steps(/from "file" where "hash" = /)).toEqual(['SEARCH file USING INDEX file_by_hash (hash=?)'])
  expect(steps(/from "file" where "member_id" = /)).toEqual([
    'SEARCH file USING INDEX file_unsent (member_id=? AND gone=?)',
  ])
  for (const step of steps(/^select .*from "(reaction|vote)"/)) expect(step).toMatch(/\(room_id=\? AND seq[=>]\?/)
})

test('no statement is planned anew when it runs', () => {
  const prepared = vi.spyOn(DatabaseSync.prototype, 'prepare')
  onTestFinished(() => prepared.mockRestore())
  const db = openSqlite(':memory:')
  prepareTables(db, Date.now)
  const own = new Set(prepared.mock.calls.map(([sql]) => sql).filter((sql) => /^(select|update|delete)/.test(sql)))
  const connection = prepared.mock.contexts[0] as DatabaseSync
  const statements = Array.from(own, (sql) => ({ sql, run: connection.prepare(sql), values: sql.split('?').slice(1) }))
  // SQLite asks this whenever it compiles something.
  let compiled = 0
  connection.setAuthorizer(() => {
    compiled += 1
    return constants.SQLITE_OK
  })
  const again = statements.filter(({ run, values }) => {
    for (const value of ['1', '2', '3']) {
      // To be asked from now on, and what the index of words compiles for itself, it has done after the second time.
      if (value === '3') compiled = 0
      run.all(...values.map(() => value))
    }
    return compiled > 0
  })
  expect(again.map(({ sql }) => sql)).toEqual([])
  expect(statements.length).toBeGreaterThan(80)
})
