// The built server in a process of its own.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

export interface Maru {
  readonly pid: number
  readonly port: number
  /** Ends it without a word. */
  end(): Promise<void>
}

const root = join(import.meta.dirname, '..')

/** On loopback, with its data in that folder; `home` is where `packages/server/dist` is, `node` are options of Node's. It sees nothing of our environment but options. */
export async function startMaru(
  data: string,
  { home = root, node = [] }: { home?: string; node?: readonly string[] } = {},
): Promise<Maru & { output: Readable }> {
  const options = Object.entries(process.env).filter(([name]) => name.startsWith('MARU_'))
  const main = join(home, 'packages/server/dist/main.js')
  const child = spawn(process.execPath, [...node, main, '--port', '0', '--host', '127.0.0.1', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: Object.fromEntries(options),
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const port = await new Promise<number>((resolve, reject) => {
    let said = ''
    child.once('exit', (code) => reject(new Error(`Maru ended with ${code}: ${said}`)))
    child.stdout.on('data', (text) => {
      said += text
      const found = /http:\/\/[^\s/]+:(\d+)/.exec(said)?.[1]
      if (found) resolve(Number(found))
    })
  })
  return {
    pid: child.pid ?? 0,
    port,
    output: child.stdout,
    end: () => {
      child.kill('SIGKILL')
      return gone
    },
  }
}
