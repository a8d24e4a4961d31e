/** Puts the server together: the only place that knows all its parts, and the only one that makes paths. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { readApiKeys } from './api-keys.ts'
import { type Config, readConfig } from './config.ts'
import { candidateAddresses, certificateNames } from './http/addresses.ts'
import { createApp } from './http/app.ts'
import { openPort, type Port } from './http/listen.ts'
import { attachMetrics, createMetrics } from './http/metrics.ts'
import { staticFiles } from './http/static-files.ts'
import { createFakeEngine } from './media/fake-engine.ts'
import type { MediaEngine } from './media/media-engine.ts'
import { startNativeEngine } from './media/native-engine.ts'
import { greetingText } from './terminal/greeting.ts'
import { createLog, type Log } from './terminal/log.ts'
import { endOnSignal } from './terminal/signals.ts'
import { dataProblem, hasCode, portProblem, StartProblem } from './terminal/start-problem.ts'
import { type Words, wordsIn } from './terminal/words.ts'
import { readCertificates } from './tls/certificates.ts'

const root = join(import.meta.dirname, '../../..')
const CERTIFICATE_CHECK_MS = 3_600_000

async function main(): Promise<void> {
  const places = { data: join(root, 'maru-data'), cwd: process.cwd() }
  const result = readConfig(process.argv.slice(2), process.env, places)
  if (result.kind === 'help') return console.log(result.text)
  if (result.kind === 'problems') throw new StartProblem(result.problems.join('\n'))
  await start(result.config)
}

async function start(config: Config): Promise<void> {
  const words = wordsIn(config.language)
  const log = createLog({ level: config.logLevel })
  openDataFolder(config.data, words)
  const keys = readApiKeys(join(config.data, 'keys.json'), config.keys)
  void keys

  const { port, engine } = await openPortAndEngine(config, words)
  const app = createApp({ log })
  const metrics = createMetrics()
  attachMetrics({ app, metrics, problems: () => [] })
  app.fallback(staticFiles(join(root, 'packages/web/dist')))
  await certify(config, { port, log })
  port.serve(app)

  endOnSignal(
    async () => {
      port.stop()
      engine.shutdown()
      await port.close()
    },
    { underNpm: config.underNpm },
  )
  await greet(config, words, port.number)
}

function openDataFolder(folder: string, words: Words): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw dataProblem(words, folder, error)
  }
}

/** TCP and UDP share one number. Where any will do, the one TCP got may be taken for UDP: then another is tried. */
async function openPortAndEngine(config: Config, words: Words): Promise<{ port: Port; engine: MediaEngine }> {
  const { host } = config
  const addresses = candidateAddresses(networkInterfaces(), config)
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const port = await openPort({ port: config.port, ...(host && { host }) }).catch((error) => {
      throw portProblem(words, { port: config.port, host, kind: 'TCP', error })
    })
    try {
      return { port, engine: startEngine({ port: port.number, addresses, ...(host && { bind: host }) }) }
    } catch (error) {
      await port.close()
      if (config.port === 0 && hasCode(error, 'EADDRINUSE')) continue
      const problem = portProblem(words, { port: config.port, host, kind: 'UDP', error })
      throw problem instanceof Error ? new StartProblem(problem.message) : problem
    }
  }
  throw new StartProblem(words.noFreePort)
}

function startEngine(options: { port: number; addresses: string[]; bind?: string }): MediaEngine {
  const file = engineFile()
  return existsSync(file) ? startNativeEngine({ ...options, file }) : createFakeEngine()
}

/** A prebuilt engine that npm brought for this system, otherwise the one built here. */
function engineFile(): string {
  const system = `${process.platform}-${process.arch}`
  const prebuilt = [system, `${system}-musl`].map((name) => join(root, `node_modules/@maru/engine-${name}/engine.node`))
  return prebuilt.find((file) => existsSync(file)) ?? join(root, 'crates/engine-node/engine.node')
}

/** Gives the port its certificate now, and another when this machine's addresses or the calendar ask for it. */
async function certify(config: Config, { port, log }: { port: Port; log: Log }): Promise<void> {
  const read = async () => {
    const names = certificateNames(networkInterfaces(), { ...config, hostname: hostname() })
    const certificates = await readCertificates({
      folder: join(config.data, 'tls'),
      names,
      hostname: hostname(),
      now: new Date(),
    })
    port.setCertificate(certificates)
    return certificates
  }
  await read()
  const failed = (error: unknown) => log.error('certificate could not be renewed', { error })
  setInterval(() => void read().catch(failed), CERTIFICATE_CHECK_MS).unref()
}

async function greet(config: Config, words: Words, port: number): Promise<void> {
  const { host, data } = config
  const others = candidateAddresses(networkInterfaces(), config).filter((each) => !/^(127\.|::1$)/.test(each))
  const self = host === undefined || host === '::' || host === '0.0.0.0' ? 'localhost' : host
  const draw = process.stdout.isTTY ? await (await import('./terminal/qr.ts')).qrDrawer() : undefined
  console.log(greetingText(words, { port, addresses: others.slice(0, 4), self, data }, draw))
}

main().catch((error) => {
  console.error(error instanceof StartProblem ? error.message : error)
  process.exit(error instanceof StartProblem ? 2 : 1)
})
