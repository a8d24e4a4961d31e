import { randomBytes } from 'node:crypto'
import { test } from 'vitest'
import { readRequest, readServerMessage } from './codec.ts'
import { errors } from './errors.ts'
import { createId } from './ids.ts'

test('a sound frame is read without what does not belong to it', ({ expect }) => {
  expect(readRequest('{"type":"send","id":1,"clientId":"c","text":"hi","admin":true}')).toEqual({
    request: { type: 'send', id: 1, clientId: 'c', text: 'hi' },
  })
  expect(readRequest('{"type":"hello","version":1,"room":"r","name":"n"}')).toEqual({
    request: { type: 'hello', version: 1, room: 'r', name: 'n' },
  })
})

test('a problem names the field, keeps the id, and never repeats what was sent', ({ expect }) => {
  const secret = 's3cret'.repeat(20)
  for (const [frame, field, id] of [
    [`{"type":"${secret}","id":3}`, 'type', 3],
    [`{"type":"hello","version":1,"room":"r","name":"n","token":"${secret}"}`, 'token', undefined],
    [`{"type":"send","id":4,"clientId":"${secret}","text":"t"}`, 'clientId', 4],
    [`{"type":"send","id":"${secret}","clientId":"c","text":"t"}`, 'id', undefined],
    ['{"type":"send","id":1e999,"clientId":"c","text":"t"}', 'id', undefined],
    ['{"type":"history","id":1,"before":1.5}', 'before', 1],
    ['{"__proto__":{"type":"leave"}}', 'type', undefined],
  ] as const) {
    const read = readRequest(frame)
    expect(read).toMatchObject({ problem: { code: 'bad_frame', field } })
    expect('id' in read ? read.id : undefined).toBe(id)
    expect(JSON.stringify(read)).not.toContain(secret)
  }
})

test('whatever the bytes, reading gives an answer and throws nothing', ({ expect }) => {
  const parts = [
    '{',
    '}',
    '[',
    ']',
    '"type":',
    '"send"',
    '"hello"',
    ',',
    '"id":',
    '1',
    '-1',
    'null',
    '"',
    '\\ud800',
    'e9',
    ':',
  ]
  let state = 7
  const next = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % limit
  }
  for (let n = 0; n < 3_000; n += 1) {
    const frame = Array.from({ length: next(12) }, () => parts[next(parts.length)]).join('')
    expect('request' in readRequest(frame) || 'problem' in readRequest(frame)).toBe(true)
    readServerMessage(frame)
  }
})

test('a frame of a newer server is passed over', ({ expect }) => {
  expect(readServerMessage('{"type":"reaction","seq":1}')).toBeUndefined()
  expect(readServerMessage('{"type":"gone","member":"ME_a","why":"bored"}')).toEqual({ type: 'gone', member: 'ME_a' })
})

test('ids are long, of one alphabet, and all of it', ({ expect }) => {
  const ids = Array.from({ length: 500 }, () => createId('ME_', randomBytes))
  expect(new Set(ids).size).toBe(500)
  for (const id of ids) expect(id).toMatch(/^ME_[0-9A-Za-z]{16}$/)
  expect(new Set(ids.join('').slice(3)).size).toBe(63)
  // Bytes that would favour some characters are left out.
  expect(createId('', () => Uint8Array.from([255, 254, 0, 61, 62, 247]))).toBe('0z0z0z0z0z0z0z0z')
})

test('every error has a meaning and a status of its kind', ({ expect }) => {
  for (const [code, { status, meaning }] of Object.entries(errors)) {
    expect(code).toMatch(/^[a-z_]+$/)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(meaning).toMatch(/^[A-Z].*\.$/)
  }
})
