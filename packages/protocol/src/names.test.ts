import { test } from 'vitest'
import { AppError } from './errors.ts'
import { nameKey, readName, readRoomName, readText } from './names.ts'

const outcome = (read: (raw: string) => string, raw: string) => {
  try {
    return read(raw)
  } catch (error) {
    return error instanceof AppError ? `! ${error.code}` : 'not an AppError'
  }
}

test('nicknames have one stored form', ({ expect }) => {
  for (const [raw, name] of [
    ['  Ana \t B\n', 'Ana B'],
    ['\u1112\u1161\u11ab', '한'],
    ['e\u0301', 'é'],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
    ['a\u202eb\x1b[2J\u0000', 'ab[2J'],
    ['\ud800a', '\ufffda'],
    ['가'.repeat(40), '가'.repeat(40)],
    ['가'.repeat(41), '! name_too_long'],
    ['😀'.repeat(40), '😀'.repeat(40)],
    ['', '! name_empty'],
    [' \u200b\u200d\u3164 ', '! name_empty'],
    ['\u0301', '! name_empty'],
  ] as const)
    expect([raw, outcome(readName, raw)]).toEqual([raw, name])
  expect(nameKey('ＡＮＡ')).toBe(nameKey('ana'))
})

test('room names can stand in an address', ({ expect }) => {
  for (const [raw, name] of [
    [' hall ', 'hall'],
    ['우리 가족  방', '우리-가족-방'],
    ['\u1106\u1161\u1105\u116e', '마루'],
    ['Team.7_b-c', 'Team.7_b-c'],
    ['한'.repeat(64), '한'.repeat(64)],
    ['한'.repeat(65), '! room_too_long'],
    ['', '! room_empty'],
    [' \n', '! room_empty'],
    ['.', '! room_bad_characters'],
    ['..', '! room_bad_characters'],
    ['a/b', '! room_bad_characters'],
    ['a?b', '! room_bad_characters'],
    ['a%2fb', '! room_bad_characters'],
    ['<b>', '! room_bad_characters'],
    ['a\u202eb', '! room_bad_characters'],
    ['\u3164', '! room_bad_characters'],
  ] as const)
    expect([raw, outcome(readRoomName, raw)]).toEqual([raw, name])
})

test('messages keep their lines and their indents', ({ expect }) => {
  for (const [raw, text] of [
    ['hello', 'hello'],
    ['  code\r\n\tmore\r\n\n', '  code\n\tmore'],
    ['\n \n  first', '  first'],
    ['a\u2028b\x07', 'a\nb'],
    ['שלום \u2067abc\u2069', 'שלום \u2067abc\u2069'],
    ['a\u202eb', 'ab'],
    ['x'.repeat(4000), 'x'.repeat(4000)],
    ['x'.repeat(4001), '! text_too_long'],
    ['', '! text_empty'],
    [' \n\t\u200b', '! text_empty'],
  ] as const)
    expect([raw, outcome(readText, raw)]).toEqual([raw, text])
})

test('the stored form is stable: reading it again changes nothing', ({ expect }) => {
  for (const raw of [' Ana  B ', '우리 방', 'e\u0301x', 'a\r\n\r\nb', 'Å', '👩‍👩‍👧 ']) {
    expect(readName(readName(raw))).toBe(readName(raw))
    expect(readText(readText(raw))).toBe(readText(raw))
  }
  expect(readRoomName(readRoomName('우리 방'))).toBe('우리-방')
})
