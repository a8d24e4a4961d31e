import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

const unshare = ['--user', '--map-root-user', '--mount']
/** Whether this system lets us mount file systems of our own. */
export const hasSmallDisks = spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

/** A file system of `megabytes` in a namespace of its own: what runs on it sees a disk that can be full and read-only for real. */
export async function createSmallDisk(megabytes: number) {
  const folder = mkdtempSync(join(tmpdir(), 'maru-disk-'))
  const mount = `mount -t tmpfs -o size=${megabytes}m none "$0" && echo ready && exec cat`
  const holder = spawn('unshare', [...unshare, 'sh', '-c', mount, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  onTestFinished(async () => {
    const ended = once(holder, 'exit')
    holder.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true })
  })
  const inside = ['--target', `${holder.pid}`, '--user', '--mount', '--preserve-credentials']
  /** The same folder, seen from here. */
  const seen = join(`/proc/${holder.pid}/root`, folder)
  const ballast = join(seen, 'ballast')
  return {
    folder,
    seen,
    /** Takes what is free, to the last byte. */
    fill() {
      for (let bytes = 1_000_000; bytes >= 1; )
        try {
          appendFileSync(ballast, Buffer.alloc(bytes))
        } catch {
          bytes = Math.floor(bytes / 2)
        }
    },
    free: () => rmSync(ballast),
    mount(...args: string[]) {
      const { status, stderr } = spawnSync('nsenter', [...inside, 'mount', ...args], { encoding: 'utf8' })
      if (status !== 0) throw new Error(stderr)
    },
    /** Runs a script on it, with its temporary files there too. */
    run(
      script: string,
      args: string[],
      stdio: SpawnOptions['stdio'] = ['ignore', 'inherit', 'inherit', 'ipc'],
    ): ChildProcess {
      const path = resolve(import.meta.dirname, script)
      const env = { ...process.env, TMPDIR: folder }
      const child = spawn('nsenter', [...inside, process.execPath, path, ...args], { env, stdio })
      onTestFinished(() => void child.kill('SIGKILL'))
      return child
    },
  }
}
