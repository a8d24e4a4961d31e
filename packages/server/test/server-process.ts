import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** The whole server in a process of its own. */
export interface ServerProcess {
  pid: number
  port: number
  /** From its start until it listened. */
  readyMs: number
  /** Without a word; comes back when it is gone. */
  kill(): Promise<void>
}

const main = join(import.meta.dirname, '../src/main.ts')

export async function startServer(data: string, port: number): Promise<ServerProcess> {
  const from = performance.now()
  const args = [main, '--port', String(port), '--data', data]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {} })
  const gone = once(child, 'close')
  let text = ''
  const listening = await new Promise<number>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data) => {
        text += data
        const found = /http:\/\/[^\s/]+:(\d+)/.exec(text)
        if (found) resolve(Number(found[1]))
      })
    gone.then(() => reject(new Error(`the server ended: ${text}`)), reject)
  })
  return {
    pid: child.pid ?? 0,
    port: listening,
    readyMs: performance.now() - from,
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
