// Start and idle memory of the built server: process start to "listening", resident memory ten seconds later.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const root = join(import.meta.dirname, '..')
const data = mkdtempSync(join(tmpdir(), 'maru-bench-'))
const runs = 5

async function once(): Promise<{ milliseconds: number; megabytes: number }> {
  const from = performance.now()
  const child = spawn(process.execPath, [join(root, 'packages/server/dist/main.js'), '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const milliseconds = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
    child.stdout.on('data', (chunk) => String(chunk).includes('http://') && resolve(performance.now() - from))
  })
  await wait(10_000)
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const megabytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000
  child.removeAllListeners('exit')
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
  return { milliseconds, megabytes }
}

await once() // makes keys and certificate, warms the disk cache
const results: Awaited<ReturnType<typeof once>>[] = []
for (let run = 0; run < runs; run += 1) results.push(await once())
rmSync(data, { recursive: true, force: true })
const row = (key: 'milliseconds' | 'megabytes') => {
  const sorted = results.map((result) => result[key]).sort((a, b) => a - b)
  return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) }
}
console.log(JSON.stringify({ startMs: row('milliseconds'), idleMb: row('megabytes') }))
