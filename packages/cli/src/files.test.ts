import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../server/test/room-harness.ts'
import { ownName, saveFile } from './files.ts'
import { fetcherFor } from './request.ts'

const info = { id: 'FI_1', name: 'notes.txt', type: 'text/plain', size: 10 }

test('what breaks off, or is longer than announced, leaves no file and no way to the next attempt shut', async ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const answers = [
    () => Promise.reject(new TypeError('fetch failed')),
    async () => new Response('half'),
    async () => new Response('0123456789 and more'),
    async () => new Response('gone', { status: 404 }),
    async () => new Response('0123456789'),
  ]
  const fetcher = (() => answers.shift()?.()) as unknown as typeof fetch
  const where = { server: 'http://maru.invalid', room: 'hall', token: '', fetcher }
  for (const code of ['disconnected', 'disconnected', 'disconnected', 'file_gone']) {
    await expect(saveFile(where, info, folder.path)).rejects.toMatchObject({ code })
    expect(readdirSync(folder.path)).toEqual([])
  }
  expect(await saveFile(where, info, folder.path)).toBe(join(folder.path, 'notes.txt'))
  expect(readFileSync(join(folder.path, 'notes.txt'), 'utf8')).toBe('0123456789')
  await expect(saveFile(where, info, folder.path)).rejects.toMatchObject({ code: 'EEXIST' })
})

test('a name of somebody else is one that a file system takes, with the end that says what it is', ({ expect }) => {
  for (const [name, own] of [
    ['notes.txt', 'notes.txt'],
    ['../../.bashrc', '__.._.bashrc'],
    ['a\\b:c\u001b[2J\n.txt', 'a_b_c[2J_.txt'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['...', '_'],
    ['\u0007', 'file'],
  ])
    expect([name, ownName(name as string)]).toEqual([name, own])
  const long = ownName(`${'휴가'.repeat(98)}.png`)
  expect(long.endsWith('가.png') || long.endsWith('휴.png')).toBe(true)
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255)
  expect(Buffer.byteLength(long)).toBeGreaterThan(250)
})

test('an answer that is none of HTTP is a failure, and no end of the program', async ({ expect }) => {
  const server = createServer((_request, response) => response.writeHead(304).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await expect(fetcherFor(false)(url)).rejects.toThrow('304')
})
