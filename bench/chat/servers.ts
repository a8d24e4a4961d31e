import { type ChildProcess, fork, spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Measured {
  readonly pid: number
  readonly port: number
  end(): Promise<void>
}

/** Sends the same bytes to everybody who is connected, when it is told to. */
export interface Broadcaster extends Measured {
  broadcast(text: string): void
}

const root = join(import.meta.dirname, '../..')

function ending(child: ChildProcess): () => Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return () => {
    child.kill('SIGKILL')
    return gone
  }
}

/** The built server, whole. */
export async function startMaru(data: string): Promise<Measured> {
  const args = [join(root, 'packages/server/dist/main.js'), '--port', '0', '--data', data]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: {} })
  const port = await new Promise<number>((resolve, reject) => {
    let text = ''
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
    child.stdout.on('data', (data) => {
      text += data
      const found = /http:\/\/[^\s/]+:(\d+)/.exec(text)
      if (found) resolve(Number(found[1]))
    })
  })
  return { pid: child.pid ?? 0, port, end: ending(child) }
}

export async function startBroadcaster(kind: 'raw' | 'ws'): Promise<Broadcaster> {
  const child = fork(join(root, 'packages/server/test/bench-broadcaster.ts'), [kind])
  const port = await new Promise<number>((resolve) => child.once('message', (port) => resolve(Number(port))))
  return { pid: child.pid ?? 0, port, broadcast: (text) => void child.send(text), end: ending(child) }
}
