// The servers that are compared, each in a process of its own on loopback.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Keys } from '../../packages/server/test/livekit-joiner.ts'
import { startMaru as startServer } from '../maru.ts'

const root = join(import.meta.dirname, '../..')

export interface PeerServer {
  readonly name: string
  /** Name and version as it says them. */
  readonly called: string
  readonly pid: number
  readonly url: string
  readonly keys: Keys
  end(): void
}

/** The built server over the engine as it is published. */
export async function startMaru(addon: string): Promise<PeerServer> {
  const home = mkdtempSync(join(tmpdir(), 'maru-bench-'))
  // The server looks for the engine beside itself.
  cpSync(join(root, 'packages/server/dist'), join(home, 'packages/server/dist'), { recursive: true })
  for (const folder of ['packages/web', 'crates/engine-node']) mkdirSync(join(home, folder), { recursive: true })
  symlinkSync(join(root, 'packages/web/dist'), join(home, 'packages/web/dist'))
  cpSync(addon, join(home, 'crates/engine-node/engine.node'))
  const data = join(home, 'data')
  const { pid, port, end } = await startServer(data, { home })
  return {
    name: 'Maru',
    called: 'Maru',
    pid,
    url: `http://127.0.0.1:${port}`,
    keys: JSON.parse(readFileSync(join(data, 'keys.json'), 'utf8')),
    end: () => {
      void end()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

const VERSION = 'v1.13.5'

/** Where livekit-server is: said, on PATH, or built here with Go. A sentence when it is nowhere. */
export function findLivekit(): { file: string } | string {
  const said = process.env.LIVEKIT_SERVER
  if (said) return existsSync(said) ? { file: said } : `LIVEKIT_SERVER names ${said}, which is not there.`
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'maru-bench')
  const folders = (process.env.PATH ?? '').split(delimiter)
  const places = [...folders.map((folder) => join(folder, 'livekit-server')), join(cache, 'server')]
  const found = places.find((file) => existsSync(file))
  if (found) return { file: found }
  const go = ['go', '/usr/local/go/bin/go'].find((name) => spawnSync(name, ['version']).status === 0)
  if (!go)
    return 'livekit-server is not here: put it on PATH, name it in LIVEKIT_SERVER, or install Go (https://go.dev), with which it is built.'
  console.log(`Building livekit-server ${VERSION} with Go, some minutes the first time ...`)
  const built = spawnSync(go, ['install', `github.com/livekit/livekit-server/cmd/server@${VERSION}`], {
    env: { ...process.env, GOBIN: cache },
    encoding: 'utf8',
  })
  if (built.status === 0) return { file: join(cache, 'server') }
  return `livekit-server could not be built: ${built.stderr.trim().split('\n').at(-1)}`
}

/** On loopback; `rtc` and `webhook` are laid over what its configuration says of them. */
export async function startLivekit(file: string, extra: { rtc?: object; webhook?: object } = {}): Promise<PeerServer> {
  const [http, tcp, udp] = await freePorts(3)
  const keys = { apiKey: 'bench', apiSecret: 'a-secret-of-thirty-two-characters' }
  const config = {
    port: http,
    bind_addresses: ['127.0.0.1'],
    keys: { [keys.apiKey]: keys.apiSecret },
    logging: { level: 'error' },
    rtc: {
      interfaces: { includes: ['lo'] },
      ips: { includes: ['127.0.0.0/8'] },
      enable_loopback_candidate: true,
      use_ice_lite: true,
      udp_port: udp,
      tcp_port: tcp,
      ...extra.rtc,
    },
    ...(extra.webhook && { webhook: extra.webhook }),
  }
  // JSON is YAML.
  const child = spawn(file, ['--config-body', JSON.stringify(config)], { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (data) => {
    complaint = (complaint + data).slice(-2_000)
  })
  const url = `http://127.0.0.1:${http}`
  for (let tries = 0; tries < 100; tries += 1) {
    if (child.exitCode !== null) throw new Error(`livekit-server ended with ${child.exitCode}: ${complaint}`)
    const there = await fetch(url).then(
      () => true,
      () => false,
    )
    if (there) return { name: 'LiveKit', called: version(file), pid: child.pid ?? 0, url, keys, end: () => end(child) }
    await wait(100)
  }
  end(child)
  throw new Error('livekit-server does not answer.')
}

/** What `--version` says: "livekit-server version 1.13.5". */
function version(file: string): string {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' })
  return (stdout ?? '').trim().replace(' version ', ' ') || 'livekit-server'
}

async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  for (let number = 0; number < count; number += 1) {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    const address = server.address()
    if (address && typeof address === 'object') ports.push(address.port)
    await new Promise((done) => server.close(done))
  }
  return ports
}

function end(child: ChildProcess) {
  child.removeAllListeners('exit')
  child.kill('SIGKILL')
}
