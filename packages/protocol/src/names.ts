import { AppError } from './errors.ts'
import { limits } from './limits.ts'

// Joiners stay: emoji families and Persian need them. Everything else that formats or controls goes (bidi overrides, escapes).
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const keep = /[\u200c\u200d]/
// Letters that show nothing: Hangul fillers and the empty braille cell.
const blank = /[\p{C}\p{Z}\p{M}\u115f\u1160\u3164\uffa0\u2800]/gu

const length = (text: string): number => Array.from(text).length

const strip = (text: string, allowed: RegExp): string =>
  text.toWellFormed().replace(unseen, (character) => (allowed.test(character) || keep.test(character) ? character : ''))

const isBlank = (text: string): boolean => text.replace(blank, '') === ''

/**
 * The stored form of a nickname: NFC, one space between words, nothing invisible.
 * @throws name_empty, name_too_long
 */
export function readName(raw: string): string {
  const name = strip(raw.normalize('NFC').replace(/\s+/g, ' '), / /).trim()
  if (isBlank(name)) throw new AppError('name_empty', 'Type a nickname first.', { field: 'name' })
  if (length(name) > limits.name)
    throw new AppError(
      'name_too_long',
      `A nickname has at most ${limits.name} characters; this one has ${length(name)}.`,
      {
        field: 'name',
      },
    )
  return name
}

/**
 * The stored form of a room name: NFC, words joined by `-`. It is the last part of the room's address, so only letters, digits, `-`, `_`
 * and `.` are left, in any script.
 * @throws room_empty, room_too_long, room_bad_characters
 */
export function readRoomName(raw: string): string {
  const name = raw.normalize('NFC').trim().replace(/\s+/g, '-')
  if (name === '') throw new AppError('room_empty', 'Type a room name first.', { field: 'room' })
  if (length(name) > limits.room)
    throw new AppError(
      'room_too_long',
      `A room name has at most ${limits.room} characters; this one has ${length(name)}.`,
      {
        field: 'room',
      },
    )
  if (!/^[\p{L}\p{M}\p{N}._-]+$/u.test(name) || /^\.+$/.test(name) || isBlank(name))
    throw new AppError('room_bad_characters', 'A room name has only letters, digits, "-", "_" and ".".', {
      field: 'room',
    })
  return name
}

/**
 * The stored form of a message: NFC, line ends as `\n`, no control characters but line end and tab, no empty lines around it.
 * @throws text_empty, text_too_long
 */
export function readText(raw: string): string {
  const text = strip(
    raw.normalize('NFC').replace(/\r\n?|\u2028|\u2029/g, '\n'),
    /[\n\t\u200e\u200f\u2066-\u2069]|[\u{e0020}-\u{e007f}]/u,
  )
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .trimEnd()
  if (isBlank(text)) throw new AppError('text_empty', 'Type a message first.', { field: 'text' })
  if (length(text) > limits.text)
    throw new AppError(
      'text_too_long',
      `A message has at most ${limits.text} characters; this one has ${length(text)}.`,
      {
        field: 'text',
      },
    )
  return text
}

/** Two nicknames that look the same to people have the same key. */
export const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase()
