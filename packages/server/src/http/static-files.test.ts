import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { openPort, type Port } from './listen.ts'
import { attachMetrics, createMetrics } from './metrics.ts'
import { staticFiles } from './static-files.ts'

let folder: string
let port: Port
let problems: string[] = []
const metrics = createMetrics()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'maru-web-'))
  mkdirSync(join(folder, 'dist/assets'), { recursive: true })
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  writeFileSync(join(folder, 'dist/index.html'), '<!doctype html>')
  writeFileSync(join(folder, 'dist/icon.svg'), '<svg/>')
  writeFileSync(join(folder, 'dist/assets/main-1a2b.js'), 'plain')
  writeFileSync(join(folder, 'dist/assets/main-1a2b.js.br'), 'brotli')
  writeFileSync(join(folder, 'dist/assets/main-1a2b.js.gz'), 'gzip')
  const app = createApp()
  app.fallback(staticFiles(join(folder, 'dist')))
  attachMetrics({ app, metrics, problems: () => problems })
  port = await openPort({ port: 0, host: '127.0.0.1' })
  port.serve(app)
})
afterAll(async () => {
  await port.close()
  rmSync(folder, { recursive: true })
})

/** Without decoding, and with the path exactly as it is written. */
async function get(path: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  const { request } = await import('node:http')
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    request({ host: '127.0.0.1', port: port.number, path, agent: false, ...options }, (response) => {
      let body = ''
      response.setEncoding('latin1').on('data', (data) => {
        body += data
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
      .on('error', reject)
      .end()
  })
}

describe('the pages', () => {
  it.each(['/', '/r/hall', '/r/hall/', `/r/${encodeURIComponent('우리 방')}`, '/?x=1'])('are one: %s', async (path) => {
    const answer = await get(path)
    expect(answer).toMatchObject({ status: 200, body: '<!doctype html>' })
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
    })
    const policy = String(answer.headers['content-security-policy'])
    expect(policy).toContain("default-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(policy).not.toMatch(/https?:/)
    expect(answer.headers['permissions-policy']).toContain('camera=(self), microphone=(self), display-capture=(self)')
  })

  it('load files that are kept for ever, as small as the browser can take them', async () => {
    const path = '/assets/main-1a2b.js'
    const plain = await get(path)
    expect(plain).toMatchObject({ status: 200, body: 'plain' })
    expect(plain.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'accept-encoding',
    })
    expect(await get(path, { headers: { 'accept-encoding': 'gzip, deflate, br, zstd' } })).toMatchObject({
      body: 'brotli',
      headers: { 'content-encoding': 'br', 'content-length': '6', 'content-type': 'text/javascript; charset=utf-8' },
    })
    expect((await get(path, { headers: { 'accept-encoding': 'gzip, br;q=0' } })).body).toBe('gzip')
    expect(
      (await get('/icon.svg', { headers: { 'accept-encoding': 'br' } })).headers['content-encoding'],
    ).toBeUndefined()
  })

  it('are not sent twice', async () => {
    const { headers } = await get('/')
    expect(await get('/', { headers: { 'if-none-match': String(headers.etag) } })).toMatchObject({
      status: 304,
      body: '',
    })
  })

  it('answer HEAD, and at the root to every origin', async () => {
    const answer = await get('/', { method: 'HEAD' })
    expect(answer).toMatchObject({ status: 200, body: '' })
    expect(answer.headers['access-control-allow-origin']).toBe('*')
    expect((await get('/r/hall')).headers['access-control-allow-origin']).toBeUndefined()
  })

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%5c..%5c..%5csecret.txt',
    '//secret.txt',
    '/....//secret.txt',
    '/assets',
    '/r/a/b',
    '/index.html%00.js',
    '/%',
  ])('give nothing else away: %s', async (path) => {
    const answer = await get(path)
    expect(answer.status).toBe(404)
    expect(answer.body).not.toContain('secret"')
    expect(answer.body).not.toBe('secret')
  })

  it('say that they are not built', async () => {
    const app = createApp()
    app.fallback(staticFiles(join(folder, 'nowhere')))
    const other = await openPort({ port: 0, host: '127.0.0.1' })
    other.serve(app)
    const response = await fetch(`http://127.0.0.1:${other.number}/r/hall`)
    expect([response.status, await response.json()]).toEqual([503, expect.objectContaining({ code: 'not_built' })])
    await other.close()
  })
})

describe('watching', () => {
  it('tells whether the server does its work', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: '{"ok":true,"problems":[]}' })
    problems = ['the media engine has stopped']
    expect(await get('/healthz')).toMatchObject({ status: 503, body: expect.stringContaining('media engine') })
    problems = []
  })

  it('gives figures in the words of Prometheus', async () => {
    metrics.total('maru_messages_total', 'Messages stored.', () => 4)
    metrics.totals('livekit_packet_total', 'Packets.', () => ({ 'direction="incoming"': 1, 'direction="outgoing"': 2 }))
    const { headers, body } = await get('/metrics')
    expect(headers['content-type']).toContain('text/plain; version=0.0.4')
    expect(body).toContain('# TYPE maru_messages_total counter\nmaru_messages_total 4\n')
    expect(body).toContain(
      'livekit_packet_total{direction="incoming"} 1\nlivekit_packet_total{direction="outgoing"} 2\n',
    )
    expect(body).toMatch(/^process_resident_memory_bytes \d{7,}$/m)
    expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m)
    for (const line of body.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z0-9_]+(\{[^}]*\})? [\d.e+-]+)$/)
  })
})
