import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Ten minutes between two messages: a hundred thousand of them reach two years back. */
const APART_MS = 600_000

/**
 * Puts messages of two people before the server's eyes are open: it has to stand still meanwhile. Numbered from 1, the last
 * one was said ten minutes ago; every seventh is long.
 */
export function fillRoom(data: string, room: string, messages: number): void {
  const db = new DatabaseSync(join(data, 'maru.db'))
  const now = Date.now()
  db.exec('BEGIN')
  db.prepare(
    'INSERT INTO room (name, created_at, last_seq, last_public, previous_public, last_message) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(room, now, messages, messages, messages - 1, messages)
  const roomId = (db.prepare('SELECT id FROM room WHERE name = ?').get(room) as { id: number }).id
  for (const [id, name] of people)
    db.prepare('INSERT OR IGNORE INTO member (id, name, created_at) VALUES (?, ?, ?)').run(id, name, now)
  const insert = db.prepare(
    'INSERT INTO entry (room_id, seq, at, kind, line, member_id, name, text, client_id) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?)',
  )
  for (let seq = 1; seq <= messages; seq += 1) {
    const [id, name] = people[Math.floor(seq / 3) % people.length] ?? people[0]
    const text = seq % 7 === 0 ? `Message ${seq}. ${'It takes some room. '.repeat(20)}` : `Message ${seq}`
    insert.run(roomId, seq, now - (messages - seq + 1) * APART_MS, 'message', id, name, text, `fill ${room} ${seq}`)
  }
  db.exec('COMMIT')
  db.close()
}

const people = [
  ['ME_fill_dora', 'Dora'],
  ['ME_fill_emil', 'Emil'],
] as const
