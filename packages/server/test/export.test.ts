import type { Message } from '@maru/protocol'
import { test } from 'vitest'
import { roomPage } from '../src/chat/export-page.ts'
import { exportRoom } from '../src/chat/export-room.ts'
import { operatorToken, restServer } from './rest-harness.ts'
import { seeded } from './seeded.ts'

const nasty = `<script>alert(1)</script> "'><img src=x onerror=alert(2)> &amp; </p></main> \u202eright to left`

/** Every tag and attribute that the page may hold. */
const ours =
  /<\/?(?:body|html|header|main|article|h1|h2|p|b|bdi|strong|em|s|br|hr|code|pre|blockquote|ul|ol|li|small|span|time|a)(?: (?:dir="(?:auto|ltr)"|class="note"|start="\d+"|id="m\d+"|href="(?:#m\d+|https?:\/\/[^"<>]*)"|rel="noopener noreferrer nofollow ugc"|datetime="[\d:.TZ-]+"))*>/g

test('a room is exported as JSON and as a page in which nothing that people wrote has any power', async ({
  expect,
}) => {
  const { ask, askAs, enter, say, me } = await restServer()
  const ben = await enter('<b>Ben')
  const first = await say(nasty)
  await say('an answer', { replyTo: first })
  await say('a poll <i>', { poll: { options: ['<u>a', 'b'] } })
  await say('between us', { to: ben.me.id })
  await ask('PUT', '/api/rooms/hall/topic', { topic: '<style>*{display:none}</style>' })
  await ask('PUT', `/api/rooms/hall/messages/${first}/reactions/${encodeURIComponent('👍')}`)
  const gone = await say('soon gone')
  await ask('DELETE', `/api/rooms/hall/messages/${gone}`)

  const { json, headers } = await ask('GET', '/api/rooms/hall/export.json')
  expect(headers.get('content-disposition')).toBe('attachment; filename="hall.json"')
  expect(json).toMatchObject({ format: 'maru-room-1', room: { name: 'hall' } })
  expect(json.members).toContainEqual({ id: me.id, name: 'Ana', owner: true })
  const texts = json.entries.flatMap(({ text }: { text?: string }) => text ?? [])
  expect(texts).toEqual([expect.stringContaining('<script>'), 'an answer', 'a poll <i>', 'between us', ''])

  const page = await ask('GET', '/api/rooms/hall/export.html')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const body = page.text.slice(page.text.indexOf('<body>'))
  expect(body.replace(ours, '')).not.toMatch(/[<>]/)
  expect(page.text).not.toMatch(/<script|<img|<link|https?:|\u202e/)
  expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(body.match(/<article/g)).toHaveLength(5)
  expect(body).toContain('This message was deleted.')
  expect(body).not.toContain('soon gone')

  // Private is private, also for who runs the server.
  const cem = await enter('Cem')
  const operator = askAs(await operatorToken({ roomCreate: true }))
  for (const other of [cem.ask, operator])
    for (const format of ['json', 'html']) {
      const { status, text } = await other('GET', `/api/rooms/hall/export.${format}`)
      expect([status, text.includes('an answer'), text.includes('between us')]).toEqual([200, true, false])
    }
  expect((await operator('GET', '/api/rooms/none/export.json')).json.code).toBe('not_found')
  const dan = await enter('Dan', 'attic')
  expect((await dan.ask('GET', '/api/rooms/hall/export.json')).json.code).toBe('forbidden')
})

test('a long room comes whole', async ({ expect }) => {
  const { ask, storage } = await restServer()
  await storage.write(({ rooms, entries }) => {
    const roomId = rooms.ensure('hall')
    for (let n = 0; n < 1_000; n += 1)
      entries.append(roomId, { kind: 'message', member: 'ME_a', name: 'A', text: `line ${n}`, clientId: `${n}` })
  })
  const { entries } = (await ask('GET', '/api/rooms/hall/export.json')).json
  expect(entries.map(({ seq }: { seq: number }) => seq)).toEqual(Array.from({ length: 1_001 }, (_, index) => index + 1))
  expect((await ask('GET', '/api/rooms/hall/export.html')).text.match(/<article/g)).toHaveLength(1_000)
})

test('of a room of very many the members come in pieces too, each once, and who is called by name is known', async ({
  expect,
}) => {
  const { storage } = await restServer()
  const many = Array.from({ length: 2_500 }, (_, n) => ({
    id: `ME_${String(n).padStart(6, '0')}`,
    name: `Member ${n}`,
  }))
  const roomId = await storage.write(({ rooms }) => rooms.ensure('crowd'))
  for (let from = 0; from < many.length; from += 250)
    await storage.write(({ members, memberships }) => {
      for (const member of many.slice(from, from + 250)) {
        members.insert(member)
        memberships.insert(roomId, { member, since: 0, read: 0 })
      }
    })
  const said = {
    kind: 'message',
    member: 'ME_000000',
    name: 'Member 0',
    text: 'hi @member 2499!',
    clientId: 'c',
  } as const
  await storage.write(({ entries }) => entries.append(roomId, said))
  const taken = (format: 'json' | 'html') => {
    const pieces = [...exportRoom(storage, { room: 'crowd', now: day }, format)]
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(80_000)
    return pieces.join('')
  }
  const { members, entries } = JSON.parse(taken('json'))
  expect(members.map(({ id }: { id: string }) => id).toSorted()).toEqual(many.map(({ id }) => id))
  expect(entries).toHaveLength(1)
  const page = taken('html')
  expect(page.match(/<bdi>Member \d+<\/bdi>(?=, |<\/p><\/header>)/g)).toHaveLength(2_500)
  expect(page).toContain('hi <b>@member 2499</b>!')
})

const day = Date.UTC(2026, 6, 14, 20, 5)
const room = { name: 'hall', topic: '', exportedAt: day, upTo: 9, zone: 'UTC' }
const called = () => new Map([['ana', 'ME_a']])
const ana = { kind: 'message', seq: 1, at: day, member: 'ME_a', name: 'Ana', clientId: 'c' } as const
const shown = (message: Partial<Message>, zone = 'UTC') =>
  roomPage({ ...room, zone }, called).line({ ...ana, text: '', ...message })

test('the page shows what is said as people read it: Markdown, calls by name, answers, files, dates of a time zone', ({
  expect,
}) => {
  const said = (text: string) => /<\/time>(.*)<\/article>/s.exec(shown({ text }))?.[1]
  expect(said('**bold** _soft_ ~~gone~~ `co<de`')).toBe(
    '<p dir="auto"><strong>bold</strong> <em>soft</em> <s>gone</s> <code>co&lt;de</code></p>',
  )
  expect(said('# Plan\n3. one\n4. two\n\n> said\n\n---\n- a\n- b')).toBe(
    '<p dir="auto"><strong>Plan</strong></p><ol start="3"><li><p dir="auto">one</p></li><li><p dir="auto">two</p></li></ol>' +
      '<blockquote><p dir="auto">said</p></blockquote><hr><ul><li><p dir="auto">a</p></li><li><p dir="auto">b</p></li></ul>',
  )
  expect(said('```ts\n1 < 2\n```')).toBe('<pre dir="ltr"><code>1 &lt; 2</code></pre>')
  expect(said('@ana: [the plan](https://example.org/a?b=1&c) one\ntwo')).toBe(
    '<p dir="auto"><b>@ana</b>: <a href="https://example.org/a?b=1&amp;c" rel="noopener noreferrer nofollow ugc">the plan</a> one<br>two</p>',
  )
  expect(shown({ text: 'waves', action: true })).toContain('<p dir="auto"><em><bdi>Ana</bdi> waves</em></p>')
  expect(shown({ name: '', text: '', deleted: true })).toContain('<b>a former member</b>')
  const files = [999, 1_500, 24_400_000].map((size) => ({ id: 'FI_a', name: 'a.png', type: 'image/png', size }))
  expect(shown({ files }).match(/image\/png, [\d.]+ \w+/g)).toEqual([
    'image/png, 999 B',
    'image/png, 1.5 kB',
    'image/png, 24 MB',
  ])
  expect(shown({})).toMatch(
    /^<h2>Tuesday,? 14 July 2026<\/h2>\n.*<time datetime="2026-07-14T20:05:00.000Z">20:05<\/time>/s,
  )
  expect(shown({}, 'Asia/Seoul')).toMatch(/^<h2>Wednesday,? 15 July 2026<\/h2>\n.*>05:05<\/time>/s)
  const page = roomPage(room, called)
  const headings = [0, 1, 86_400_000].map((later) => page.line({ ...ana, at: day + later, text: '' }).includes('<h2>'))
  expect(headings).toEqual([true, false, true])
})

test('whatever is written, of the page only tags and addresses of ours are left', ({ expect }) => {
  const pieces = [
    ...[
      '<script>',
      '</p></article>',
      '<img src=x onerror=',
      '"',
      "'",
      '&',
      '&lt;',
      '\u202e',
      '\0',
      '\ud800',
      '> ',
      '- ',
      '1. ',
      '# ',
    ],
    ...[
      '**',
      '_',
      '~~',
      '`',
      '```\n',
      '[',
      '](',
      ')',
      '![',
      'javascript:alert(1)',
      'data:text/html,<b>',
      'https://example.org/"><b>',
    ],
    ...[
      'http://a.example',
      ' onclick=1 ',
      '@Ana',
      '\n',
      '\n\n',
      ' ',
      'word',
      '<a href="javascript:1">',
      '\\',
      '|',
      '---\n',
      '[x]: https://e.example\n',
    ],
  ]
  const random = seeded(20_261_123)
  for (let n = 0; n < 3_000; n += 1) {
    const text = Array.from(
      { length: 1 + Math.floor(random() * 30) },
      () => pieces[Math.floor(random() * pieces.length)],
    ).join('')
    const html = shown({ text, action: n % 5 === 0, name: text.slice(0, 20), reactions: [] })
    expect(html.replace(ours, ''), text).not.toMatch(/[<>]|\u202e|\0/)
  }
})

test('times are those of the zone asked for, and a zone that there is not is refused', async ({ expect }) => {
  const { ask, say, enter } = await restServer()
  await say('now')
  const ben = await enter('Ben')
  const seoul = await ask('GET', '/api/rooms/hall/export.html?zone=Asia%2FSeoul')
  expect(seoul.text).toContain('Times are those of Asia/Seoul.')
  expect((await ask('GET', '/api/rooms/hall/export.html')).text).toContain('Times are those of UTC.')
  const refused = await ben.ask('GET', '/api/rooms/hall/export.html?zone=Nowhere')
  expect([refused.status, refused.json]).toEqual([
    400,
    { code: 'bad_frame', field: 'zone', message: expect.stringContaining('such as Asia/Seoul') },
  ])
})
