import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { join as joinPath } from 'node:path'
import { onTestFinished } from 'vitest'
import { makeAuthority, makeLeaf } from '../../server/src/tls/authority.ts'
import { startRoomServer, temporaryFolder } from '../../server/test/room-harness.ts'

const main = joinPath(import.meta.dirname, '../src/main.ts')

export function temporaryHome(): string {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  return folder.path
}

export class Terminal {
  output = ''
  readonly exited: Promise<number | null>
  private readonly child: ChildProcessWithoutNullStreams
  private readonly listeners = new Set<() => void>()

  /** `home` outlives it: without one, every terminal is another computer. */
  constructor(values: readonly string[], home = temporaryHome(), more: Record<string, string> = {}) {
    const env = { ...process.env, LC_ALL: 'en_US.UTF-8', XDG_STATE_HOME: home, ...more }
    this.child = spawn(process.execPath, [main, ...values], { env, cwd: home })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (data: string) => {
        this.output += data
        for (const listener of this.listeners) listener()
      })
    this.exited = new Promise((resolve) => this.child.on('close', resolve))
    onTestFinished(() => void this.child.kill('SIGKILL'))
  }

  type(line: string): void {
    this.child.stdin.write(`${line}\n`)
  }

  end(): void {
    this.child.stdin.end()
  }

  interrupt(): void {
    this.child.kill('SIGINT')
  }

  shows(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!this.output.includes(text)) return
        clearTimeout(timer)
        this.listeners.delete(check)
        resolve()
      }
      const timer = setTimeout(() => reject(new Error(`"${text}" did not come; there is\n${this.output}`)), 60_000)
      this.listeners.add(check)
      check()
    })
  }
}

export async function server(options: Parameters<typeof startRoomServer>[0] = {}) {
  const started = await startRoomServer(options)
  let running = true
  const close = async () => {
    if (running) await started.close()
    running = false
  }
  onTestFinished(close)
  return { ...started, close }
}

/** TLS in front of a port, with a certificate that nobody vouches for; gives its own port. */
export async function encryptedFront(port: number): Promise<number> {
  const names = { dns: ['localhost'], ip: ['127.0.0.1'] }
  const authority = await makeAuthority({ hostname: 'test', now: new Date() })
  const leaf = await makeLeaf(authority, { names, now: new Date() })
  const front = createTlsServer({ cert: leaf.certificate, key: leaf.key })
  // As a proxy would: the bytes inside go to the plain server.
  front.removeAllListeners('secureConnection')
  front.on('secureConnection', (socket) => {
    const back = connectTcp(port, '127.0.0.1')
    back.on('error', () => socket.destroy())
    socket.on('error', () => back.destroy())
    socket.pipe(back).pipe(socket)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void front.close())
  return (front.address() as AddressInfo).port
}
