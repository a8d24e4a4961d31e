/** Puts the server together: the only place that knows all its parts and makes paths. */
import { join } from 'node:path'
import { readConfig } from './config.ts'
import { sendJson } from './http/answer.ts'
import { createApp } from './http/app.ts'
import { listen } from './http/listen.ts'
import { createLog } from './terminal/log.ts'

const root = join(import.meta.dirname, '../../..')
const result = readConfig(process.argv.slice(2), process.env, { data: join(root, 'maru-data'), cwd: process.cwd() })
if (result.kind === 'help') {
  console.log(result.text)
} else if (result.kind === 'problems') {
  console.error(result.problems.join('\n'))
  process.exitCode = 2
} else {
  const { config } = result
  const log = createLog({ level: config.logLevel })
  const app = createApp({ log })
  app.route('GET', '/healthz', (_request, response) => sendJson(response, 200, { ok: true }))
  const listener = await listen({ port: config.port, ...(config.host && { host: config.host }), app })
  console.log(`http://localhost:${listener.port}`)
}
