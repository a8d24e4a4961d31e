import { test } from 'vitest'
import { chooseCarrier } from './choose-carrier.ts'
import type { WebSocketLike } from './connector.ts'
import { createEventReader } from './event-stream.ts'

const nothing = {} as WebSocketLike

/** What is opened, attempt by attempt; `hears` are the attempts on which something is heard. */
function attempts(count: number, hears: readonly number[]): string {
  let opened = ''
  const open = (kind: string) => () => {
    opened += kind
    return nothing
  }
  const carriers = chooseCarrier('ws://x/socket', open('w'), open('e'))
  for (let n = 1; n <= count; n += 1) {
    carriers.open()
    if (hears.includes(n)) carriers.heard()
  }
  return opened
}

test.each([
  ['a WebSocket that works is all there is', 4, [1, 2, 3, 4], 'wwww'],
  ['a server that is away is asked in both ways', 7, [], 'wwewewe'],
  ['where only the stream passes, it is used again', 6, [3, 4, 5, 6], 'wweeee'],
  ['a WebSocket that has worked is never given up: the server was away', 6, [1], 'wwwwww'],
  ['a stream that stops working gives the WebSocket another chance', 8, [3, 7], 'wweeewee'],
] as const)('%s', (_what, count, hears, expected) => {
  if (attempts(count, hears) !== expected) throw new Error(`${attempts(count, hears)} instead of ${expected}`)
})

test('an event stream is read in whatever pieces it comes', ({ expect }) => {
  const text = ':   \n\nevent: key\ndata: abc\n\ndata: {"a":"b: c"}\n\n:\n\nevent: close\ndata: 4001\n\ndata: half'
  for (let size = 1; size < text.length; size += 1) {
    const taken: string[] = []
    const read = createEventReader((event, data) => taken.push(`${event} ${data}`))
    for (let at = 0; at < text.length; at += size) read(text.slice(at, at + size))
    expect(taken).toEqual(['key abc', 'message {"a":"b: c"}', 'close 4001'])
  }
})
