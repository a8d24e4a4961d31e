import { test } from 'vitest'
import { formatEntry } from './format-entry.ts'
import { readAddress } from './read-address.ts'
import { readArguments } from './read-arguments.ts'
import { readLine } from './read-line.ts'
import { wordsFor } from './words.ts'

const english = wordsFor('en_US.UTF-8')

test('an address is a host, a host with a port, or the link of a room', ({ expect }) => {
  const both = (host: string) => [`wss://${host}/socket`, `ws://${host}/socket`]
  for (const [text, candidates, room] of [
    ['example.org', both('example.org:7880'), undefined],
    ['192.168.0.7:8000', both('192.168.0.7:8000'), undefined],
    ['localhost:80', both('localhost:80'), undefined],
    ['[fd00::7]', both('[fd00::7]:7880'), undefined],
    ['[fd00::7]:7881', both('[fd00::7]:7881'), undefined],
    ['example.org/r/attic', both('example.org:7880'), 'attic'],
    ['https://example.org', ['wss://example.org/socket'], undefined],
    ['http://10.0.0.2:7880/', ['ws://10.0.0.2:7880/socket'], undefined],
    ['https://example.org:7880/r/%EB%A7%88%EB%A3%A8?x=1#y', ['wss://example.org:7880/socket'], '마루'],
    ['https://example.org/r/마루', ['wss://example.org/socket'], '마루'],
  ] as const)
    expect([text, readAddress(text)]).toEqual([text, { candidates, room }])
  for (const text of [
    '',
    '/',
    'ftp://example.org',
    'https://example.org/elsewhere',
    'a b',
    'host:99999',
    'https://u:p@h/',
    'h/r/%',
  ])
    expect([text, readAddress(text)]).toEqual([text, undefined])
})

test('what is wrong on the command line is named', ({ expect }) => {
  const read = (...values: string[]) => readArguments(values, english)
  expect(read('constructor')).toMatchObject({ kind: 'join', address: 'constructor' })
  expect(read('host', '--room', 'attic', '--name=Ana B')).toEqual({
    kind: 'join',
    address: 'host',
    room: 'attic',
    name: 'Ana B',
  })
  expect(read('--name', 'x', '--help')).toEqual({ kind: 'help' })
  for (const [values, problem] of [
    [[], 'an address is missing'],
    [['host', '--colour'], 'There is no option --colour.'],
    [['host', '-x'], 'There is no option -x.'],
    [['host', '--room'], 'The option --room needs a value.'],
    [['host', '--name='], 'The option --name needs a value.'],
    [['host', 'other'], '"other" is one too many'],
  ] as const)
    expect(read(...values)).toMatchObject({ kind: 'wrong', problems: [expect.stringContaining(problem)] })
})

test('a typed line is a message, a command, or neither', ({ expect }) => {
  for (const [line, wish] of [
    ['  ', { kind: 'nothing' }],
    ['hello', { kind: 'say', text: 'hello' }],
    ['  indented', { kind: 'say', text: '  indented' }],
    ['//quit', { kind: 'say', text: '/quit' }],
    ['{quit}', { kind: 'quit' }],
    ['say {quit}', { kind: 'say', text: 'say {quit}' }],
    [' /quit ', { kind: 'quit' }],
    ['/who', { kind: 'who' }],
    ['/name  Ana  B ', { kind: 'name', name: 'Ana B' }],
    ['/name', { kind: 'name', name: '' }],
    ['/dance now', { kind: 'unknown', command: '/dance' }],
  ] as const)
    expect([line, readLine(line)]).toEqual([line, wish])
})

test('a number, a path with spaces and what follows are told apart', ({ expect }) => {
  for (const [line, wish] of [
    ['/reply yes  please', { kind: 'reply', seq: undefined, text: 'yes  please' }],
    ['/reply #12 yes', { kind: 'reply', seq: 12, text: 'yes' }],
    ['/reply #12', { kind: 'reply', seq: 12, text: '' }],
    ['/edit #hash tag', { kind: 'edit', seq: undefined, text: '#hash tag' }],
    ['/delete #12', { kind: 'delete', seq: 12 }],
    ['/delete', { kind: 'delete', seq: undefined }],
    ['/delete #12 that', { kind: 'delete', seq: undefined }],
    ['/pin #12', { kind: 'pin', seq: 12 }],
    ['/unpin 12', { kind: 'unpin', seq: undefined }],
    ['/pins', { kind: 'pins' }],
    ['/poll Where? | Here |There|', { kind: 'poll', question: 'Where?', options: ['Here', 'There'] }],
    ['/poll', { kind: 'poll', question: '', options: [] }],
    ['/vote 2', { kind: 'vote', seq: undefined, choices: [2] }],
    ['/vote #12 1, 3', { kind: 'vote', seq: 12, choices: [1, 3] }],
    ['/vote #12', { kind: 'vote', seq: 12, choices: [] }],
    ['/vote Here', { kind: 'vote', seq: undefined, choices: undefined }],
    ['/vote #12 0', { kind: 'vote', seq: 12, choices: undefined }],
    ['/me waves  twice', { kind: 'me', text: 'waves  twice' }],
    ['/msg Ana hello', { kind: 'msg', text: 'Ana hello' }],
    ['/search "two words" from:Ana', { kind: 'search', query: '"two words" from:Ana' }],
    ['/send a.txt for you', { kind: 'send', path: 'a.txt', text: 'for you' }],
    ['/send "a b.txt"', { kind: 'send', path: 'a b.txt', text: '' }],
    ["/send '/tmp/a b.txt' for you", { kind: 'send', path: '/tmp/a b.txt', text: 'for you' }],
    ['/send a\\ \\(b\\).txt for you', { kind: 'send', path: 'a (b).txt', text: 'for you' }],
    ['/send C:\\new\\a.txt', { kind: 'send', path: 'C:\\new\\a.txt', text: '' }],
    ["/send it's.txt", { kind: 'send', path: "it's.txt", text: '' }],
    ['/save', { kind: 'save', seq: undefined, path: undefined }],
    ['/save #3 "my files"', { kind: 'save', seq: 3, path: 'my files' }],
  ] as const)
    expect([line, readLine(line)]).toEqual([line, wish])
})

test('what others write cannot steer the terminal, in both languages', ({ expect }) => {
  const stamp = { seq: 1, at: new Date(2026, 0, 2, 3, 4).getTime(), member: 'ME_a', name: 'An\x1b[2Ja' }
  const look = { words: english, colour: false, me: undefined }
  expect(formatEntry({ ...stamp, kind: 'message', text: 'one\x1b]0;x\x07\r\ntwo\u202e', clientId: 'c' }, look)).toBe(
    '03:04 #1 An[2Ja: one]0;x\n      two',
  )
  expect(formatEntry({ ...stamp, name: 'Ana', kind: 'joined' }, look)).toBe('03:04 * Ana has joined')
  expect(formatEntry({ ...stamp, name: '', kind: 'joined' }, look)).toBe('03:04 * Former member has joined')
  const korean = { ...look, words: wordsFor('ko_KR.UTF-8') }
  expect(formatEntry({ ...stamp, name: '보라', kind: 'renamed', before: 'Ana' }, korean)).toBe(
    '03:04 * Ana님의 별명이 이제 보라입니다',
  )
  expect(wordsFor('kok_IN')).toBe(english)
  expect(wordsFor(undefined)).toBe(english)
})
