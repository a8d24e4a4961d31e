import { test } from 'vitest'
import { operatorToken, restServer } from './rest-harness.ts'

const nasty = `<script>alert(1)</script> "'><img src=x onerror=alert(2)> &amp; </p></main> \u202eright to left`

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
  // Only tags and attributes of ours are left once ours are taken away.
  const ours =
    /<\/?(?:body|html|header|main|article|h1|h2|p|b|bdi|blockquote|ul|li|small|span|time|a)(?: (?:dir="auto"|class="note"|id="m\d+"|href="#m\d+"|datetime="[\d:.TZ-]+"))*>/g
  expect(body.replace(ours, '')).not.toMatch(/[<>]/)
  expect(page.text).not.toMatch(/<script|<img|<link|https?:|\u202e/)
  expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(body.match(/<article/g)).toHaveLength(5)
  expect(body).toContain('deleted')
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
