// A PostgreSQL server for the tests, where its programs are installed: in a temporary folder, on a socket there, forgotten afterwards.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where Debian puts programs that it keeps out of the way. */
const DEBIAN = '/usr/lib/postgresql'

function programs() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...versions.map((each) => join(DEBIAN, each, 'bin'))]
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))))
}

/** Gives the address of its database, and ways to have it gone or silent for a while and to end it; undefined where PostgreSQL is not installed. */
export async function temporaryPostgres() {
  const bin = process.platform === 'linux' ? programs() : undefined
  if (!bin) return undefined
  // PostgreSQL refuses to run as root.
  const [command, ...before] =
    process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : ['env', '--']
  const folder = mkdtempSync(join(tmpdir(), 'maru-postgres-'))
  chmodSync(folder, 0o777)
  const data = join(folder, 'data')
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const made = spawnSync(
    command,
    [...before, join(bin, 'initdb'), '-D', data, '-U', 'maru', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    { cwd: folder, encoding: 'utf8' },
  )
  if (made.status !== 0) {
    remove()
    throw new Error(`initdb failed: ${made.stderr}`)
  }
  const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off', 'max_connections=200']
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
  const start = () => startServer(command, [...before, join(bin, 'postgres'), ...args], folder)
  let server = await start()
  return {
    url: `postgres://maru@localhost/postgres?host=${encodeURIComponent(folder)}`,
    /** It is gone, with all connections. */
    end: () => server.end(),
    /** It is there again, with all that it has stored. */
    async start() {
      server = await start()
    },
    /** It is there and says nothing: 'SIGSTOP', until 'SIGCONT'. */
    signal(signal) {
      const { pid } = server
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
      for (const each of [pid, ...children.map(Number)]) process.kill(each, signal)
    },
    async stop() {
      await server.end()
      remove()
    },
  }
}

async function startServer(command, args, folder) {
  const server = spawn(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(server, 'exit')
  await new Promise((resolve, reject) => {
    let said = ''
    server.stderr.on('data', (data) => {
      said += data
      if (/ready to accept connections/.test(said)) resolve()
    })
    ended.then(() => reject(new Error(`postgres ended: ${said}`)))
  })
  return {
    pid: server.pid,
    async end() {
      server.kill('SIGINT') // fast: it does not wait for who is connected
      await ended
    },
  }
}
