import { readdirSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { uploadFile } from '@maru/client'
import { onTestFinished, test } from 'vitest'
import { RawClient, startRoomServer } from './room-harness.ts'

async function server(options: Parameters<typeof startRoomServer>[0] = {}) {
  const started = await startRoomServer(options)
  onTestFinished(() => started.close())
  const client = new RawClient(started.url)
  const { token } = await client.enter('hall', 'Ana')
  const headers = { authorization: `Bearer ${token}` }
  const ask = async (method: string, path: string, body?: string | Uint8Array, more: Record<string, string> = {}) => {
    const response = await fetch(started.http + path, {
      method,
      headers: { ...headers, ...more },
      ...(body !== undefined && { body: body as BodyInit }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: tryJson(text) }
  }
  const announce = (more: object = {}) =>
    ask('POST', '/api/rooms/hall/files', JSON.stringify({ name: 'a.png', type: 'image/png', size: 10, ...more }))
  const put = (id: string, offset: number, bytes: string) =>
    ask('PATCH', `/api/uploads/${id}`, bytes, { 'upload-offset': `${offset}` })
  const stored = () =>
    readdirSync(started.files, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  let ids = 0
  const say = async (request: object) => {
    ids += 1
    await client.say({ id: ids, ...request })
    const settled = () =>
      client.received.findIndex(
        (message) => (message.type === 'reply' || message.type === 'error') && message.id === ids,
      )
    while (settled() < 0) await new Promise(setImmediate)
    return client.received.splice(settled(), 1)[0]
  }
  const upload = async (content: string, more: object = {}) => {
    const { json } = await announce({ size: content.length, ...more })
    await put(json.file.id, 0, content)
    return json.file.id as string
  }
  return { ...started, client, ask, announce, put, stored, say, upload, token }
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever comes.
function tryJson(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

test('a file comes in pieces, goes on after a loss, is sent, shown in parts and gone with its message', async ({
  expect,
}) => {
  const { announce, put, ask, say, stored, files, http } = await server()
  const { status, json } = await announce({ name: '../휴가 "사진".png', width: 4, height: 3, blur: 'abc=' })
  expect([status, json]).toEqual([
    201,
    {
      file: {
        id: expect.any(String),
        name: '휴가 _사진_.png',
        type: 'image/png',
        size: 10,
        width: 4,
        height: 3,
        blur: 'abc=',
      },
      received: 0,
    },
  ])
  const { id } = json.file
  expect((await put(id, 0, '0123')).json.received).toBe(4)
  const wrong = await put(id, 2, '2345')
  expect([wrong.status, wrong.json.code, wrong.headers.get('upload-offset')]).toEqual([409, 'offset_wrong', '4'])
  expect(await say({ type: 'send', clientId: 'c1', text: '', files: [id] })).toMatchObject({ code: 'file_incomplete' })
  expect((await ask('GET', `/api/uploads/${id}`)).json.received).toBe(4)
  expect((await put(id, 4, '456789')).json.received).toBe(10)
  expect((await ask('GET', `/files/${id}/x.png`)).status).toBe(404)
  const sent = await say({ type: 'send', clientId: 'c1', text: '', files: [id] })
  expect(sent).toMatchObject({ type: 'reply' })
  expect(await say({ type: 'send', clientId: 'c2', text: '', files: [id] })).toMatchObject({ code: 'file_used' })

  const whole = await ask('GET', `/files/${id}/anything.html`)
  expect([whole.status, whole.text]).toEqual([200, '0123456789'])
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-disposition': `inline; filename="__ ____.png"; filename*=UTF-8''${encodeURIComponent('휴가 _사진_.png')}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'accept-ranges': 'bytes',
  })
  const etag = whole.headers.get('etag') ?? ''
  for (const [headers, status, text, range] of [
    [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=7-' }, 206, '789', 'bytes 7-9/10'],
    [{ range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
    [{ range: 'bytes=0-99' }, 206, '0123456789', 'bytes 0-9/10'],
    [{ range: 'bytes=10-' }, 416, '', 'bytes */10'],
    [{ range: 'bytes=-0' }, 416, '', 'bytes */10'],
    [{ range: 'bytes=4-2' }, 200, '0123456789', null],
    [{ range: 'bytes=1-2,4-5' }, 200, '0123456789', null],
    [{ range: 'pages=1-2' }, 200, '0123456789', null],
    [{ range: 'bytes=2-4', 'if-range': etag }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=2-4', 'if-range': '"other"' }, 200, '0123456789', null],
    [{ 'if-none-match': etag }, 304, '', null],
  ] as const) {
    const part = await ask('GET', `/files/${id}`, undefined, headers as unknown as Record<string, string>)
    expect([headers, part.status, part.text, part.headers.get('content-range')]).toEqual([headers, status, text, range])
  }

  expect(stored()).toHaveLength(1)
  const seq = (sent as { seq?: number })?.seq
  await say({ type: 'delete', target: seq })
  while (stored().length > 0) await new Promise(setImmediate)
  expect((await ask('GET', `/files/${id}`)).status).toBe(404)
  expect(readdirSync(files).length).toBeGreaterThan(0)
  expect(http).toContain('127.0.0.1')
})

test('the same content is on the disk once, and stays while one message refers to it', async ({ expect }) => {
  const { upload, say, stored, ask } = await server()
  const [one, two] = [await upload('the same'), await upload('the same')]
  const first = (await say({ type: 'send', clientId: 'c1', text: '', files: [one] })) as { seq?: number }
  await say({ type: 'send', clientId: 'c2', text: '', files: [two] })
  expect(stored()).toHaveLength(1)
  await say({ type: 'delete', target: first.seq })
  while ((await ask('GET', `/files/${one}`)).status !== 404);
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect((await ask('GET', `/files/${two}`)).text).toBe('the same')
  const three = await upload('another')
  expect((await ask('DELETE', `/api/uploads/${three}`)).status).toBe(200)
  while (stored().length > 1) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('only what cannot become a page is shown in place', async ({ expect }) => {
  const { upload, say, ask } = await server()
  for (const [type, shown] of [
    ['image/jpeg', true],
    ['VIDEO/MP4', true],
    ['audio/ogg', true],
    ['image/svg+xml', false],
    ['text/html', false],
    ['application/xhtml+xml', false],
    ['application/pdf', false],
    ['text/javascript', false],
    ['image/png+xml', false],
  ] as const) {
    const id = await upload('<script>alert(1)</script>', { type, name: 'x' })
    expect(await say({ type: 'send', clientId: type, text: 'x', files: [id] })).toMatchObject({ type: 'reply' })
    const { headers } = await ask('GET', `/files/${id}/x.html`)
    expect([type, headers.get('content-type'), headers.get('content-disposition')?.split(';')[0]]).toEqual(
      shown ? [type, type.toLowerCase(), 'inline'] : [type, 'application/octet-stream', 'attachment'],
    )
  }
})

test('every bad upload says what is wrong', async ({ expect }) => {
  const { announce, ask, put, url, http, say } = await server({ fileBytes: 1_000, totalBytes: 1_500 })
  for (const [what, more, status, code, field] of [
    ['no size', { size: undefined }, 400, 'bad_frame', 'size'],
    ['a size of nothing', { size: 0 }, 400, 'file_bad', 'size'],
    ['a negative size', { size: -1 }, 400, 'bad_frame', 'size'],
    ['half a byte', { size: 1.5 }, 400, 'bad_frame', 'size'],
    ['too large', { size: 1_001 }, 413, 'file_too_large', 'size'],
    ['no name', { name: '/' }, 400, 'file_bad', 'name'],
    ['an invisible name', { name: '\u200b..' }, 400, 'file_bad', 'name'],
    ['a type that is none', { type: 'png' }, 400, 'file_bad', 'type'],
    ['a type with a header in it', { type: 'image/png\r\nx: y' }, 400, 'file_bad', 'type'],
    ['a blur that is none', { blur: '"><' }, 400, 'bad_frame', 'blur'],
    ['a width that is none', { width: 0 }, 400, 'bad_frame', 'width'],
  ] as const) {
    const answer = await announce(more)
    expect([what, answer.status, answer.json.code, answer.json.field]).toEqual([what, status, code, field])
    expect(answer.json.message).toMatch(/^.{10,}\.$/)
  }
  const { json } = await announce({ size: 900 })
  const full = await announce({ size: 900 })
  expect([full.status, full.json.code]).toEqual([507, 'files_full'])
  const { id } = json.file
  expect((await put(id, 0, 'x'.repeat(901))).json.code).toBe('file_too_large')
  for (const offset of ['', 'x', '-1', '1.5', '1e9'])
    expect((await ask('PATCH', `/api/uploads/${id}`, 'x', { 'upload-offset': offset })).json.code).toBe('offset_wrong')
  const ben = new RawClient(url)
  const { token } = await ben.enter('attic', 'Ben')
  const other = { authorization: `Bearer ${token}` }
  for (const [method, path, headers, status, code] of [
    ['GET', `/api/uploads/${id}`, other, 404, 'file_gone'],
    ['PATCH', `/api/uploads/${id}`, other, 404, 'file_gone'],
    ['DELETE', `/api/uploads/${id}`, other, 404, 'file_gone'],
    ['GET', `/api/uploads/${id}`, { authorization: 'Bearer no' }, 401, 'unauthorized'],
    ['POST', '/api/rooms/hall/files', other, 403, 'forbidden'],
    ['POST', '/api/rooms/nowhere/files', other, 403, 'forbidden'],
    ['POST', '/api/rooms/%ff/files', other, 400, 'room_bad_characters'],
    ['GET', '/api/uploads/FI_0000000000000000', {}, 404, 'file_gone'],
    ['GET', '/files/FI_0000000000000000/x', {}, 404, 'file_gone'],
    ['GET', '/files/..%2f..%2fmaru.db', {}, 404, 'not_found'],
    ['GET', '/files/%00', {}, 404, 'not_found'],
    ['GET', '/files/FI_000000000000000', {}, 404, 'not_found'],
  ] as const) {
    const answer = await ask(method, path, undefined, headers as Record<string, string>)
    expect([method, path, answer.status, answer.json.code]).toEqual([method, path, status, code])
  }
  // As it is, without a client that tidies the path.
  expect(await raw(http, '/files/../../../../etc/passwd')).toBe(404)
  expect(await raw(http, `/files/${id}/../../../etc/passwd`)).toBe(404)
  expect(await say({ type: 'send', clientId: 'c', text: '', files: ['FI_x'] })).toMatchObject({
    code: 'file_gone',
    field: 'files',
  })
})

function raw(http: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest(`${http}/`, { path }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
}

test('a piece that breaks off stays as far as it came', async ({ expect }) => {
  const { announce, ask, put, http, token } = await server()
  const { json } = await announce()
  const { id } = json.file
  const headers = { authorization: `Bearer ${token}`, 'upload-offset': '0', 'content-length': '10' }
  const asked = httpRequest(`${http}/api/uploads/${id}`, { method: 'PATCH', headers })
  const gone = new Promise((resolve) => asked.on('error', resolve))
  asked.write('01234')
  const received = async () => (await ask('GET', `/api/uploads/${id}`)).json.received
  while ((await received()) === 0);
  asked.destroy()
  await gone
  expect(await received()).toBe(5)
  while ((await put(id, 5, '56789')).status !== 200);
  expect((await ask('GET', `/api/uploads/${id}`)).json.received).toBe(10)
})

test('a piece that comes too slowly is broken off, stays as far as it came, and others have their answers meanwhile', async ({
  expect,
}) => {
  // Long enough for whole requests on a busy machine.
  const { announce, ask, put, http, token } = await server({ http: { checkMs: 5, requestTimeoutMs: 2_000 } })
  const { file } = (await announce({ size: 10 })).json
  const request = httpRequest(`${http}/api/uploads/${file.id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'upload-offset': '0', 'content-length': 10 },
  })
  const ended = new Promise<string>((resolve) => {
    request.on('response', ({ statusCode }) => resolve(`${statusCode}`))
    request.on('error', ({ message }) => resolve(message))
  })
  request.write('abc')
  for (;;) {
    const { received } = (await ask('GET', `/api/uploads/${file.id}`)).json
    if (received === 3) break
  }
  expect((await ask('GET', '/api/openapi.json')).status).toBe(200)
  expect(['408', 'socket hang up', 'read ECONNRESET']).toContain(await ended)
  // The server lets go of the piece a moment after its connection.
  let answer = await put(file.id, 3, 'defghij')
  while (answer.status === 409) answer = await put(file.id, 3, 'defghij')
  expect(answer.json).toMatchObject({ received: 10 })
})

test('the client sends a file whole through losses, and gives one up', async ({ expect }) => {
  const { http, token, stored, say, ask } = await server({ fileBytes: 5_000_000 })
  let calls = 0
  const lossy: typeof fetch = (input, init) => {
    calls += 1
    if (calls % 3 === 0) return Promise.reject(new TypeError('the network is gone'))
    const answered = fetch(input, init)
    // The piece arrives, the answer does not.
    return calls % 4 === 0 ? answered.then(() => Promise.reject(new TypeError('the network is gone'))) : answered
  }
  const bytes = Uint8Array.from({ length: 3_500_000 }, (_, n) => (n * 7) % 251)
  const options = {
    server: http,
    room: 'hall',
    token: token ?? '',
    announced: { name: 'big.bin', type: 'application/octet-stream' },
    content: new Blob([bytes]),
    pause: () => Promise.resolve(),
  }
  const progress: number[] = []
  const file = await uploadFile({ ...options, fetcher: lossy, onProgress: (received) => progress.push(received) })
  expect(progress.at(-1)).toBe(3_500_000)
  expect(progress).toEqual(progress.toSorted((a, b) => a - b))
  await say({ type: 'send', clientId: 'big', text: '', files: [file.id] })
  const got = new Uint8Array(await (await fetch(`${http}/files/${file.id}/big.bin`)).arrayBuffer())
  expect(Buffer.compare(got, bytes)).toBe(0)

  const giveUp = new AbortController()
  const given = uploadFile({ ...options, signal: giveUp.signal, onProgress: () => giveUp.abort() })
  await expect(given).rejects.toMatchObject({ name: 'AbortError' })
  while (stored().length > 1) await new Promise((resolve) => setTimeout(resolve, 5))
  await expect(uploadFile({ ...options, content: new Blob([new Uint8Array(5_000_001)]) })).rejects.toMatchObject({
    code: 'file_too_large',
  })
  await expect(uploadFile({ ...options, token: '0'.repeat(64) })).rejects.toMatchObject({ code: 'unauthorized' })
  expect((await ask('GET', '/api/rooms')).status).toBe(200)
})
