// The built server in a process of its own.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Maru {
  readonly pid: number
  readonly port: number
  /** Ends it without a word. */
  end(): Promise<void>
}

/** On loopback, with its data in that folder; `home` is where `packages/server/dist` is. It sees nothing of our environment but options. */
export async function startMaru(data: string, home = join(import.meta.dirname, '..')): Promise<Maru> {
  const options = Object.entries(process.env).filter(([name]) => name.startsWith('MARU_'))
  const args = [join(home, 'packages/server/dist/main.js'), '--port', '0', '--host', '127.0.0.1', '--data', data]
  const child = spawn(process.execPath, args, {
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
    end: () => {
      child.kill('SIGKILL')
      return gone
    },
  }
}
