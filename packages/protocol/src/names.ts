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
 * Beside files it may be empty.
 * @throws text_empty, text_too_long
 */
export function readText(raw: string, { mayBeEmpty = false } = {}): string {
  const text = strip(
    raw.normalize('NFC').replace(/\r\n?|\u2028|\u2029/g, '\n'),
    /[\n\t\u200e\u200f\u2066-\u2069]|[\u{e0020}-\u{e007f}]/u,
  )
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .trimEnd()
  if (isBlank(text)) {
    if (mayBeEmpty) return ''
    throw new AppError('text_empty', 'Type a message first.', { field: 'text' })
  }
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

/**
 * The stored form of a topic: one line, which may be empty.
 * @throws topic_too_long
 */
export function readTopic(raw: string): string {
  const topic = strip(raw.normalize('NFC').replace(/\s+/g, ' '), / /).trim()
  if (length(topic) > limits.topic)
    throw new AppError(
      'topic_too_long',
      `A topic has at most ${limits.topic} characters; this one has ${length(topic)}.`,
      { field: 'topic' },
    )
  return topic
}

/**
 * The stored form of a poll's options: each one line, each another.
 * @throws poll_bad
 */
export function readPollOptions(raw: readonly string[]): string[] {
  const problem = (message: string) => new AppError('poll_bad', message, { field: 'poll' })
  const options = raw.map((option) => strip(option.normalize('NFC').replace(/\s+/g, ' '), / /).trim())
  if (options.some(isBlank)) throw problem('An option of the poll is empty: fill it in or leave it out.')
  const long = options.find((option) => length(option) > limits.pollOption)
  if (long !== undefined)
    throw problem(`An option has at most ${limits.pollOption} characters; one has ${length(long)}.`)
  if (new Set(options.map(nameKey)).size < options.length) throw problem('The poll has the same option twice.')
  return options
}

/** Made when first needed: a browser that does not know these patterns must still be able to load this file. */
let oneEmoji: RegExp | undefined

/**
 * The stored form of a reaction: one emoji as Unicode recommends it for interchange.
 * @throws emoji_bad
 */
export function readEmoji(raw: string): string {
  oneEmoji ??= /^\p{RGI_Emoji}$/v
  const found = [raw, `${raw}\ufe0f`, raw.replace(/\ufe0f$/, '')].find((each) => oneEmoji?.test(each))
  if (found === undefined) throw new AppError('emoji_bad', 'A reaction is one emoji.', { field: 'emoji' })
  return found
}

/**
 * A file name that is only a name: no folders, nothing invisible, nothing that a system takes for something else.
 * @throws file_bad
 */
export function readFileName(raw: string): string {
  const last = raw.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const name = strip(last.replace(/\s+/g, ' '), / /)
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '')
  if (isBlank(name)) throw new AppError('file_bad', 'The file has no name.', { field: 'name' })
  if (length(name) <= limits.fileName) return name
  const end = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  return Array.from(name)
    .slice(0, limits.fileName - length(end))
    .join('')
    .concat(end)
}

/** Two nicknames that look the same to people have the same key: neither capitals nor joiners and other marks that show nothing make a difference. */
export const nameKey = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
