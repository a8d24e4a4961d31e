import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** The built server in a process of its own, as a person would have it after `npm start`. */
export interface RunningServer {
  readonly port: number
  /** Plain HTTP on this machine, without a slash at the end. */
  readonly url: string
  readonly data: string
  keys(): { apiKey: string; apiSecret: string }
  /** The power fails: nothing gets a chance to tidy up. */
  kill(): Promise<void>
  /** Starts again on the same port with the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Runs a script with arguments, its output to be read; the default is a child of this process. */
type Run = (script: string, args: string[], stdio: ['ignore', 'pipe', 'pipe']) => ChildProcess

const here: Run = (script, args, stdio) => spawn(process.execPath, [script, ...args], { stdio })

export async function startServer(
  data = mkdtempSync(join(tmpdir(), 'maru-e2e-')),
  run: Run = here,
): Promise<RunningServer> {
  let { child, port } = await open(data, 0, run)
  return {
    data,
    get port() {
      return port
    },
    get url() {
      return `http://localhost:${port}`
    },
    keys: () => JSON.parse(readFileSync(join(data, 'keys.json'), 'utf8')),
    kill: () => end(child, 'SIGKILL'),
    async restart() {
      ;({ child, port } = await open(data, port, run))
    },
    async stop() {
      await end(child, 'SIGTERM')
      rmSync(data, { recursive: true, force: true })
    },
  }
}

function open(data: string, port: number, run: Run): Promise<{ child: ChildProcess; port: number }> {
  const main = join(root, 'packages/server/dist/main.js')
  const child = run(main, ['--port', String(port), '--data', data], ['ignore', 'pipe', 'pipe'])
  return new Promise((resolve, reject) => {
    let output = ''
    const hear = (chunk: Buffer) => {
      output += chunk
      const found = /http:\/\/localhost:(\d+)/.exec(output)
      if (found) resolve({ child, port: Number(found[1]) })
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${output}`)))
  })
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}
