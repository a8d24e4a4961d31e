// LiveKit's own end-to-end suite for its Node client, unmodified, from a checkout of livekit/node-sdks that somebody names: it is not in the
// published package. What it imports as its own sources is the published package.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Report } from './report.ts'
import type { Server } from './servers.ts'

const root = join(import.meta.dirname, '..')
const client = 'suite of livekit/node-sdks'

interface Results {
  testResults: {
    assertionResults: { fullName: string; status: string; duration?: number; failureMessages: string[] }[]
  }[]
}

export async function runRtcNodeSuite(server: Server, checkout: string, report: Report): Promise<void> {
  const suite = join(checkout, 'packages/livekit-rtc/src/tests')
  if (!existsSync(join(suite, 'e2e.test.ts'))) throw new Error(`${checkout} is no checkout of livekit/node-sdks`)
  const folder = mkdtempSync(join(tmpdir(), 'maru-suite-'))
  const file = join(folder, 'results.json')
  const { apiKey, apiSecret } = server.keys
  const args = ['run', '--config', join(import.meta.dirname, 'rtc-node-suite.config.ts'), '--root', suite]
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), ...args, '--reporter=json', `--outputFile=${file}`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        LIVEKIT_URL: server.url.replace('http', 'ws'),
        LIVEKIT_API_KEY: apiKey,
        LIVEKIT_API_SECRET: apiSecret,
      },
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  await new Promise((resolve) => child.once('exit', resolve))
  const results: Results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { testResults: [] }
  rmSync(folder, { recursive: true, force: true })
  const tests = results.testResults.flatMap(({ assertionResults }) => assertionResults)
  if (tests.length === 0) throw new Error(`the suite did not run:\n${output.slice(-2_000)}`)
  for (const { fullName, status, duration = 0, failureMessages } of tests)
    report.add({
      client,
      server: server.name,
      behaviour: fullName,
      passed: status === 'passed',
      milliseconds: Math.round(duration),
      ...(status !== 'passed' && { problem: failureMessages[0]?.split('\n')[0] ?? status }),
    })
  report.sum(client)
}
