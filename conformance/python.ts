// The Python packages `livekit` and `livekit-api` as they were published, in a virtual environment that `scripts/conformance.mjs` keeps.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Report } from './report.ts'
import type { Server } from './servers.ts'

interface Line {
  behaviour: string
  problem: string | null
  milliseconds: number
}

/** `python` is the interpreter of an environment that has the packages; `versions` names them. */
export async function runPython(
  server: Server,
  python: string,
  versions: string,
  only: string,
  report: Report,
): Promise<void> {
  const { apiKey, apiSecret } = server.keys
  const env = {
    ...process.env,
    LIVEKIT_URL: server.url.replace('http', 'ws'),
    LIVEKIT_API_KEY: apiKey,
    LIVEKIT_API_SECRET: apiSecret,
  }
  const child = spawn(python, [join(import.meta.dirname, 'python/behaviours.py'), only], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  let output = ''
  let complaint = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (complaint = (complaint + data).slice(-2_000)))
  const status = await new Promise((resolve) => child.once('close', resolve))
  const client = `python ${versions}`
  const lines: Line[] = output
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  for (const { behaviour, problem, milliseconds } of lines)
    report.add({
      client,
      server: server.name,
      behaviour: `python: ${behaviour}`,
      passed: problem === null,
      milliseconds,
      ...(problem !== null && { problem }),
    })
  // It ends by itself only after the last behaviour.
  if (status !== 0)
    report.add({
      client,
      server: server.name,
      behaviour: 'python: to the end',
      passed: false,
      milliseconds: 0,
      problem: complaint,
    })
  if (lines.length > 0) report.sum(client)
}
