/** Puts the server together: the only place that knows all its parts, and the only one that makes paths. */
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { availableParallelism, networkInterfaces } from 'node:os'
import { dirname, join } from 'node:path'
import { createId } from '@maru/protocol'
import manifest from '../package.json' with { type: 'json' }
import { type ApiKeys, makeKey, readApiKeys, watchKeyFile, withKey, writeForOwner } from './api-keys.ts'
import { keepHouse } from './chat/keep-house.ts'
import { keepIndex } from './chat/keep-index.ts'
import { type Config, readConfig } from './config.ts'
import { createBus } from './events/bus.ts'
import { deliverHooks } from './hooks/deliver-hooks.ts'
import { deliverInOrder } from './hooks/deliver-in-order.ts'
import { keepWebhooks, takeWebhooks } from './hooks/kept-webhooks.ts'
import { post } from './hooks/post.ts'
import { candidateAddresses } from './http/addresses.ts'
import { createApp } from './http/app.ts'
import { addFileRoutes } from './http/file-routes.ts'
import { openPort, type Port } from './http/listen.ts'
import { acceptMediaStreams } from './http/media-streams.ts'
import { attachMetrics, createMetrics } from './http/metrics.ts'
import { mostConnections } from './http/most-connections.ts'
import { exposeServerMetrics } from './http/server-metrics.ts'
import { staticFiles } from './http/static-files.ts'
import { addUploadRoutes } from './http/upload-routes.ts'
import { attachLiveKit } from './livekit/attach-livekit.ts'
import { signBody } from './livekit/tokens.ts'
import type { MediaEngine } from './media/media-engine.ts'
import { startNativeEngine } from './media/native-engine.ts'
import { attachRest } from './rest/attach-rest.ts'
import { ensureRoom } from './rooms/ensure-room.ts'
import { scheduleTimer } from './rooms/presence.ts'
import { attachRoomSocket } from './socket/attach-socket.ts'
import { backUp, backupName } from './storage/back-up.ts'
import { openBlobs } from './storage/blobs.ts'
import { openStorage } from './storage/open-storage.ts'
import { watchStorage } from './storage/watch-storage.ts'
import { greetingText } from './terminal/greeting.ts'
import { createHealth } from './terminal/health.ts'
import { createLog } from './terminal/log.ts'
import { endOnSignal } from './terminal/signals.ts'
import { dataProblem, hasCode, portProblem, StartProblem } from './terminal/start-problem.ts'
import { type Words, wordsIn } from './terminal/words.ts'
import { serveCertificates } from './tls/serve-certificates.ts'

const root = join(import.meta.dirname, '../../..')
/** How long those who are here get to take their leave. */
const FAREWELL_MS = 400

async function main(): Promise<void> {
  const result = readConfig({
    data: join(root, 'maru-data'),
    cwd: process.cwd(),
    cores: availableParallelism(),
  })
  if (result.kind === 'help') return console.log(result.text)
  if (result.kind === 'problems') throw new StartProblem(result.problems.join('\n'))
  await start(result.config)
}

async function start(config: Config): Promise<void> {
  const { host, address, data, database, fileBytes, totalBytes } = config
  const words = wordsIn(config.language)
  const log = createLog({ level: config.logLevel })
  const health = createHealth({ log, words, folder: data, say: console.error })
  openDataFolder(data, words)
  // For commands on this machine: the other keys may be nowhere in the folder.
  const ownKey = makeKey()
  const given = orProblem(() =>
    config.keyFile
      ? watchKeyFile(config.keyFile, Date.now, (problem) => log.warn('the key file cannot be used', { problem }))
      : ownKeys(config, words),
  )
  const keys = withKey(given, ownKey)
  const { port, engine: native } = await openPortAndEngine(config, words, health.connectionRefused)
  const engine = health.watchEngine(native)
  log.info('the media engine runs', { port: engine.port, datagrams: engine.path })
  const bus = createBus((error) => log.error('a listener failed', { error }))
  const watch = watchStorage({
    schedule: scheduleTimer,
    changed(works, error) {
      health.storageChanged(works, error)
      bus.publish({ type: 'storageChanged', works })
    },
  })
  const storage = orProblem(() =>
    openStorage({
      database: database ?? join(data, 'maru.db'),
      waiting: (reason) => log.warn('waits for the database, which is not there yet', { reason }),
      failed: watch.failed,
      scrubFailed: (reason) =>
        log.warn('what was deleted could not be cleaned off the tables; it is tried again in an hour', { reason }),
    }),
  )
  const blobs = openBlobs(join(data, 'files'), { failed: watch.failed })
  watch.probeWith(storage.probe, blobs.probe)

  const app = createApp({ log })
  const webhookFile = join(data, 'webhooks.json')
  const webhooks = deliverInOrder({
    urls: config.webhooks,
    left: takeWebhooks(webhookFile, (error) => log.warn('webhooks that waited cannot be read', { error })),
    headers: async (body) => ({
      'content-type': 'application/webhook+json',
      authorization: await signBody(body, keys, Date.now()),
    }),
    post,
    schedule: scheduleTimer,
    now: Date.now,
    lost: (url, count, why) => log.warn('webhooks were not delivered', { url, count, why }),
  })
  const livekit = attachLiveKit({
    app,
    bus,
    engine,
    keys,
    ensureRoom: (name) => ensureRoom(storage, name),
    remoteUnmute: config.remoteUnmute,
    sendWebhook: webhooks.send,
    now: Date.now,
    schedule: scheduleTimer,
    random: randomBytes,
    version: manifest.version,
    nodeId: createId('ND_', randomBytes),
    log,
  })
  const { mintCallToken } = livekit
  const { works: storageWorks } = watch
  const sockets = attachRoomSocket({ app, storage, storageWorks, bus, mintCallToken, log, fileBytes })
  addUploadRoutes(app, { storage, bus, blobs, random: randomBytes, fileBytes, totalBytes })
  addFileRoutes(app, { storage, blobs })
  attachRest({
    app,
    storage,
    bus,
    keys,
    random: randomBytes,
    backUp: async () => {
      const folder = join(data, 'backups', backupName(Date.now()))
      return { folder, ...(await backUp({ storage, blobs, data }, folder)) }
    },
  })
  // A disk that fails is told once for all who wait for it.
  const warn = (message: string) => (error: unknown) => {
    if (watch.works()) log.warn(message, { error })
  }
  const stopHouseKeeping = keepHouse({
    storage,
    bus,
    blobs,
    schedule: scheduleTimer,
    now: Date.now,
    failed: warn('old messages or files could not be let go of'),
  })
  const stopHooks = deliverHooks({
    storage,
    bus,
    schedule: scheduleTimer,
    now: Date.now,
    post,
    failed: warn('how far a webhook has come could not be kept'),
  })
  const stopIndexing = keepIndex({
    storage,
    bus,
    schedule: scheduleTimer,
    failed: warn('the search index could not be brought up to date'),
  })
  const metrics = createMetrics()
  exposeServerMetrics(metrics, { engine: engine.metrics, calls: livekit.stats, sockets: sockets.stats })
  attachMetrics({ app, metrics, problems: health.problems })
  app.fallback(staticFiles(join(root, 'packages/web/dist')))
  const folder = join(data, 'tls')
  await serveCertificates({ app, port, folder, host, address, log }).catch((error) => {
    throw dataProblem(words, folder, error)
  })

  // Where commands on this machine find the server that uses the folder, and the key it takes from them.
  const found = join(data, 'server.json')
  const keepWaiting = () => {
    try {
      keepWebhooks(webhookFile, webhooks.waiting())
    } catch (error) {
      log.warn('webhooks that wait were not kept', { error })
    }
  }
  const close = async () => {
    port.stop()
    stopIndexing()
    watch.stop()
    await inTime(
      Promise.all([livekit.close().then(webhooks.close), sockets.close(), stopHouseKeeping(), stopHooks()]),
      FAREWELL_MS,
    )
    keepWaiting()
    engine.shutdown()
    storage.close()
    await rm(found, { force: true }).catch(() => {})
    await port.close()
  }
  endOnSignal(close, { underNpm: config.underNpm })
  port.serve(app, acceptMediaStreams(engine.streams))
  try {
    writeForOwner(found, JSON.stringify({ url: `http://${selfAddress(host)}:${port.number}`, ...ownKey }))
  } catch (error) {
    log.warn('server.json was not written', { error })
  }
  await greet(config, words, port.number)
}

function ownKeys({ data, keys }: Config, words: Words): ApiKeys {
  try {
    return readApiKeys(join(data, 'keys.json'), keys)
  } catch (error) {
    // What is wrong with its content says so itself.
    throw error instanceof Error && 'code' in error ? dataProblem(words, data, error) : error
  }
}

function openDataFolder(folder: string, words: Words): void {
  try {
    makeFolder(folder)
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw dataProblem(words, folder, error)
  }
}

/** Not Node's recursive way, which never comes back where a system such as /proc refuses in an unusual manner. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
}

/** TCP and UDP share one number. Where any will do, the one TCP got may be taken for UDP: then another is tried. */
async function openPortAndEngine(
  config: Config,
  words: Words,
  refused: (most: number) => void,
): Promise<{ port: Port; engine: MediaEngine }> {
  const most = mostConnections()
  const full = () => most !== undefined && refused(most)
  const { host, threads } = config
  const file = engineFile()
  const addresses = candidateAddresses(networkInterfaces(), config)
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const port = await openPort({ port: config.port, ...(host && { host }), maxConnections: most, full }).catch(
      (error) => {
        throw asProblem(portProblem(words, { port: config.port, host, kind: 'TCP', error }))
      },
    )
    try {
      const options = { file, port: port.number, addresses, threads, streams: true, ...(host && { bind: host }) }
      return { port, engine: startNativeEngine(options) }
    } catch (error) {
      await port.close()
      if (config.port === 0 && hasCode(error, 'EADDRINUSE')) continue
      throw asProblem(portProblem(words, { port: config.port, host, kind: 'UDP', error }))
    }
  }
  throw new StartProblem(words.noFreePort)
}

/** A prebuilt engine that npm brought for this system, otherwise the one built here. */
function engineFile(): string {
  const system = `${process.platform}-${process.arch}`
  const prebuilt = [system, `${system}-musl`].map((name) => join(root, `node_modules/@maru/engine-${name}/engine.node`))
  return prebuilt.find((file) => existsSync(file)) ?? join(root, 'crates/engine-node/engine.node')
}

async function greet({ host, address, data }: Config, words: Words, port: number): Promise<void> {
  const addresses = candidateAddresses(networkInterfaces(), { host, address })
  const others = addresses.filter((each) => !/^(127\.|::1$)/.test(each)).slice(0, 4)
  const self = host === undefined || host === '::' || host === '0.0.0.0' ? 'localhost' : host
  const draw = process.stdout.isTTY ? await (await import('./terminal/qr.ts')).qrDrawer() : undefined
  console.log(greetingText(words, { port, addresses: others, self, data }, draw))
}

/** This machine, as it reaches itself. */
function selfAddress(host: string | undefined): string {
  if (host === undefined || host === '::' || host === '0.0.0.0') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** For parts whose errors at the start are written for the person who starts the server. */
function orProblem<Result>(open: () => Result): Result {
  try {
    return open()
  } catch (error) {
    throw asProblem(error)
  }
}

function asProblem(error: unknown): unknown {
  return error instanceof Error ? new StartProblem(error.message, { cause: error }) : error
}

function inTime(work: Promise<unknown>, limitMs: number): Promise<unknown> {
  return Promise.race([work, new Promise((resolve) => setTimeout(resolve, limitMs).unref())])
}

main().catch((error) => {
  console.error(error instanceof StartProblem ? error.message : error)
  process.exit(error instanceof StartProblem ? 2 : 1)
})
