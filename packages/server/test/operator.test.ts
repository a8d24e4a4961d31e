import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { onTestFinished, test } from 'vitest'
import { join, temporaryFolder, until } from './room-harness.ts'

const source = joinPath(import.meta.dirname, '../src')

/** The whole server as a process of its own, as `npm start` runs it. */
async function start(
  data: string,
): Promise<{ child: ChildProcess; url: string; end(signal: NodeJS.Signals): Promise<unknown> }> {
  const args = [joinPath(source, 'main.ts'), '--port', '0', '--host', '127.0.0.1', '--data', data]
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  for await (const piece of child.stdout) {
    text += piece
    const url = /http:\/\/[^\s/]+:\d+/.exec(text)?.[0]
    if (url === undefined) continue
    return {
      child,
      url,
      end(signal) {
        const ended = once(child, 'exit')
        child.kill(signal)
        return ended
      },
    }
  }
  throw new Error(`it ended: ${text}`)
}

/** A command as a process of its own, in another folder than the data. */
function maru(cwd: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [joinPath(source, 'operator/main.ts'), ...words], {
    cwd,
    encoding: 'utf8',
  })
  return { status, said: (stdout + stderr).trim() }
}

test('whoever runs a server backs it up, exports a room, lets a bot in and restores, while it runs, after it was killed and when it has ended', async ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const at = (name: string) => joinPath(folder.path, name)
  const command = (...words: string[]) => maru(folder.path, ...words, '--data', 'data')
  let server = await start(at('data'))
  let token = ''
  const enter = () => {
    const client = join(`${server.url.replace('http', 'ws')}/socket`, 'Ana', {
      onToken: (given) => (token = given),
      ...(token && { token }),
    })
    onTestFinished(() => client.close())
    return client
  }
  const ana = enter()
  await until(ana, ({ connection }) => connection === 'open')
  ana.send('before the backup')
  await until(ana, ({ pending }) => pending.length === 0)

  expect(command('bot', 'nowhere', 'Dice', 'write')).toEqual({ status: 1, said: 'There is no such room.' })
  const bot = command('bot', 'hall', 'Dice', 'read', 'write')
  expect(bot).toEqual({ status: 0, said: expect.stringMatching(/^[0-9a-f]{64}$/) })
  const said = await fetch(`${server.url}/api/rooms/hall/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bot.said}` },
    body: JSON.stringify({ clientId: '1', text: 'a six' }),
  })
  expect(said.status).toBe(201)
  await until(ana, ({ entries }) => entries.some((entry) => entry.kind === 'message' && entry.text === 'a six'))

  expect(command('backup', 'kept')).toEqual({ status: 0, said: `The backup is ${at('kept')}` })
  expect(command('backup').said).toMatch(/^The backup is .*data\/backups\/\d{4}-/)
  expect(command('export', 'hall', 'hall.json')).toEqual({ status: 0, said: `hall is in ${at('hall.json')}` })
  const exported = JSON.parse(readFileSync(at('hall.json'), 'utf8'))
  const texts = (entries: { kind: string; text?: string }[]) =>
    entries.flatMap(({ kind, text }) => (kind === 'message' ? [text] : []))
  expect(texts(exported.entries)).toEqual(['before the backup', 'a six'])
  expect(command('export', 'none', 'none.json')).toEqual({ status: 1, said: 'There is no such room.' })
  expect(existsSync(at('none.json'))).toBe(false)
  expect(command('restore', 'kept')).toEqual({ status: 2, said: 'The server is running. Stop it first.' })

  ana.send('after the backup')
  await until(ana, ({ pending }) => pending.length === 0)
  await server.end('SIGKILL')
  // What it left behind leads nowhere: the command works on the folder.
  expect(command('export', 'hall', 'hall.html')).toEqual({ status: 0, said: `hall is in ${at('hall.html')}` })
  expect(readFileSync(at('hall.html'), 'utf8')).toContain('after the backup')

  server = await start(at('data'))
  await server.end('SIGTERM')
  expect(existsSync(at('data/server.json'))).toBe(false)
  const restored = command('restore', 'kept')
  expect(restored).toEqual({ status: 0, said: expect.stringContaining(`${at('data')} is the backup now.`) })
  server = await start(at('data'))
  const again = enter()
  const state = await until(again, ({ connection }) => connection === 'open')
  expect(state.me?.id).toBe(ana.state().me?.id)
  expect(texts(state.entries as never)).toEqual(['before the backup', 'a six'])
  again.close()
  await server.end('SIGTERM')
}, 180_000)
