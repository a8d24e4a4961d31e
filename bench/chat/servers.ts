import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Maru } from '../maru.ts'

/** Sends the same bytes to everybody who is connected, when it is told to. */
export interface Broadcaster extends Maru {
  broadcast(text: string): void
}

const root = join(import.meta.dirname, '../..')

/** `file`: the database of `stored`. */
export async function startBroadcaster(kind: 'raw' | 'ws' | 'stored', file = ''): Promise<Broadcaster> {
  const child = fork(join(root, 'packages/server/test/bench-broadcaster.ts'), [kind, file])
  const port = await new Promise<number>((resolve) => child.once('message', (port) => resolve(Number(port))))
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = () => {
    child.kill('SIGKILL')
    return gone
  }
  return { pid: child.pid ?? 0, port, broadcast: (text) => void child.send(text), end }
}
