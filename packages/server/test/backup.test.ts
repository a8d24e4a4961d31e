import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, test } from 'vitest'
import { askServer } from '../src/operator/ask-server.ts'
import { commands, WrongUse } from '../src/operator/commands.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { operatorToken, restServer } from './rest-harness.ts'
import { temporaryFolder, testKeys } from './room-harness.ts'

const main = join(import.meta.dirname, '../src/operator/main.ts')

/** A command without a server; what it says, and the code it would end with. */
async function maru(data: string, name: string, ...words: string[]) {
  try {
    return { code: 0, said: (await commands[name]?.run({ data, words, ask: async () => undefined })) ?? '' }
  } catch (error) {
    return { code: error instanceof WrongUse ? 2 : 1, said: (error as Error).message }
  }
}

function spawned(data: string, ...words: string[]) {
  const done = spawnSync(process.execPath, [main, ...words, '--data', data], { encoding: 'utf8' })
  return { code: done.status, said: `${done.stdout}${done.stderr}`.trim() }
}

const textsOf = (file: string) => {
  const storage = openStorage({ database: file })
  const lines = storage.read.entries.changesAfter({ roomId: 1, reader: '', from: 0 }, 0, 100_000)
  storage.close()
  return lines.flatMap((entry) => (entry.kind === 'message' ? [entry.text] : []))
}

test('a backup taken while everybody writes holds all that was acknowledged before it, with files, and opens', async ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const { ask, askAs, say, storage, http, token } = await restServer({ file: folder.file })
  const { json } = await ask('POST', '/api/rooms/hall/files', { name: 'a.txt', type: 'text/plain', size: 5 })
  const headers = { authorization: `Bearer ${token}`, 'upload-offset': '0' }
  await fetch(`${http}/api/uploads/${json.file.id}`, { method: 'PATCH', body: 'hello', headers })
  await say('with a file', { files: [json.file.id] })
  let written = 0
  let stop = false
  const add = () =>
    storage.write(({ entries }) => {
      const clientId = `w${written++}`
      return entries.append(1, {
        kind: 'message',
        member: 'ME_a',
        name: 'A',
        text: `${clientId} ${'x'.repeat(900)}`,
        clientId,
      })
    })
  for (let n = 0; n < 3_000; n += 1) void add()
  await add()
  const before = written
  const writing = (async () => {
    while (!stop) await add()
  })()
  const operator = askAs(await operatorToken({ roomCreate: true }))
  const answer = await operator('POST', '/api/backups')
  stop = true
  await writing
  expect(answer).toMatchObject({ status: 201, json: { files: 1 } })
  const texts = textsOf(join(answer.json.folder, 'maru.db'))
  // The beginning of the log without a hole, and at least all from before.
  expect(texts[0]).toBe('with a file')
  expect(texts.length).toBeGreaterThan(before)
  expect(texts.slice(1).map((text) => text.split(' ')[0])).toEqual(texts.slice(1).map((_, index) => `w${index}`))
  const [part = ''] = readdirSync(join(answer.json.folder, 'files'))
  const [blob = ''] = readdirSync(join(answer.json.folder, 'files', part))
  expect(readFileSync(join(answer.json.folder, 'files', part, blob), 'utf8')).toBe('hello')

  expect((await ask('POST', '/api/backups')).status).toBe(401)
  const one = askAs(await operatorToken({ roomAdmin: true, room: 'hall' }))
  expect((await one('POST', '/api/backups')).status).toBe(403)
})

test('the commands back up, restore, export and let bots in, with a server and without', async ({ expect }) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const data = join(folder.path, 'data')
  const at = (name: string) => join(folder.path, name)
  mkdirSync(data)
  const storage = openStorage({ database: join(data, 'maru.db') })
  const add = (text: string) =>
    storage.write(({ rooms, entries }) =>
      entries.append(rooms.ensure('hall'), { kind: 'message', member: 'ME_a', name: 'A', text, clientId: text }),
    )
  await add('kept')
  storage.close()
  writeFileSync(join(data, 'keys.json'), JSON.stringify(testKeys))
  expect(await maru(data, 'backup', at('backup'))).toEqual({ code: 0, said: `The backup is ${at('backup')}` })
  expect(await maru(data, 'backup', at('backup'))).toMatchObject({
    code: 2,
    said: expect.stringContaining('is there already'),
  })
  const later = openStorage({ database: join(data, 'maru.db') })
  await later.write(({ entries }) =>
    entries.append(1, { kind: 'message', member: 'ME_a', name: 'A', text: 'after', clientId: '2' }),
  )
  later.close()
  expect((await maru(data, 'export', 'hall', at('hall.html'))).code).toBe(0)
  expect(readFileSync(at('hall.html'), 'utf8')).toContain('<p dir="auto">after</p>')
  expect((await maru(data, 'bot', 'hall', 'Dice', 'write')).said).toMatch(/^[0-9a-f]{64}$/)
  expect(await maru(data, 'restore', at('backup'))).toMatchObject({
    code: 0,
    said: expect.stringContaining('is the backup now'),
  })
  expect(textsOf(join(data, 'maru.db'))).toEqual(['kept'])
  const before = readdirSync(folder.path).find((name) => name.startsWith('data.before-')) ?? ''
  expect(textsOf(join(at(before), 'maru.db'))).toEqual(['kept', 'after'])

  // A damaged backup changes nothing.
  truncateSync(join(at('backup'), 'maru.db'), 9_000)
  expect(await maru(data, 'restore', at('backup'))).toMatchObject({
    code: 1,
    said: expect.stringContaining('is damaged'),
  })
  expect(textsOf(join(data, 'maru.db'))).toEqual(['kept'])
  expect(existsSync(`${data}.restoring`)).toBe(false)

  for (const [words, code, said] of [
    [['restore'], 2, 'Name the folder of a backup.'],
    [['restore', at('nowhere')], 2, 'is no backup'],
    [['export', 'hall'], 2, 'Name the room and the file.'],
    [['export', 'none', at('x.json')], 1, 'There is no such room.'],
    [['bot', 'hall', 'B', 'fly'], 2, '"fly" is no right'],
  ] as const) {
    const done = await maru(data, ...(words as unknown as [string]))
    expect([words, done.code, done.said.includes(said)]).toEqual([words, code, true])
    expect(done.said).not.toMatch(/ {4}at /)
  }
  expect(spawned(data, 'export', 'hall', at('hall.json'))).toEqual({ code: 0, said: `hall is in ${at('hall.json')}` })
  expect(spawned(data, 'dance')).toMatchObject({
    code: 2,
    said: expect.stringContaining('There is no command "dance"'),
  })
})

test('the commands ask the server that uses the folder', async ({ expect }) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const { http, say } = await restServer()
  await say('hello')
  const files: Record<string, string> = {
    'server.json': JSON.stringify({ url: http, ...testKeys }),
  }
  const ask = askServer('', (file) => files[file] ?? '')
  const run = (name: string, ...words: string[]) => commands[name]?.run({ data: folder.path, words, ask })
  const to = join(folder.path, 'backup')
  expect(await run('backup', to)).toBe(`The backup is ${to}`)
  expect(textsOf(join(to, 'maru.db'))).toEqual(['hello'])
  await expect(run('restore', to)).rejects.toThrow('The server is running. Stop it first.')
  expect(await run('bot', 'hall', 'Dice', 'read')).toMatch(/^[0-9a-f]{64}$/)
  await run('export', 'hall', join(folder.path, 'hall.json'))
  expect(JSON.parse(readFileSync(join(folder.path, 'hall.json'), 'utf8')).members).toHaveLength(2)
  await expect(run('export', 'none', join(folder.path, 'none.json'))).rejects.toThrow('There is no such room.')
})

test('a backup that does not fit where it is wanted is kept whole, and nothing goes under a server that left no word', async ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const data = join(folder.path, 'data')
  mkdirSync(data)
  const storage = openStorage({ database: join(data, 'maru.db') })
  onTestFinished(() => storage.close())
  const backup = join(folder.path, 'backup')
  mkdirSync(backup)
  storage.backUp?.(join(backup, 'maru.db'))
  // As a server that runs without its server.json.
  const { code, said } = await maru(data, 'restore', backup)
  expect([code, said]).toEqual([1, expect.stringContaining('is in use. Is another Maru running on this data folder?')])
  expect(readdirSync(folder.path).sort()).toEqual(['backup', 'data'])

  storage.close()
  writeFileSync(join(folder.path, 'file'), '')
  const to = join(folder.path, 'file', 'backup')
  const kept = await maru(data, 'backup', to)
  expect([kept.code, kept.said]).toEqual([
    1,
    expect.stringContaining(`The backup is whole, but could not be brought to ${to}`),
  ])
  const [, where = ''] = / It is (.*)$/.exec(kept.said) ?? []
  expect(readdirSync(where)).toContain('maru.db')
})
