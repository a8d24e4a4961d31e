// The engine by itself in a process, for `bench/engine.ts`: commands come as messages of the parent, events go back.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { acceptMediaStreams } from '../packages/server/src/http/media-streams.ts'
import type { MediaEngine } from '../packages/server/src/media/media-engine.ts'
import { startNativeEngine } from '../packages/server/src/media/native-engine.ts'

export type Asked = { apply: Parameters<MediaEngine['apply']>[0] } | { metrics: true }
export type Told =
  | { port: number }
  | { events: Parameters<Parameters<MediaEngine['onEvents']>[0]>[0] }
  | { metrics: ReturnType<MediaEngine['metrics']> }

const [file = '', ip = '', threads = '1', streams = ''] = process.argv.slice(2)
const tell = (told: Told) => process.send?.(told)
/** With `streams` both ports are of one number, which each may be taken by somebody else. */
async function start(): Promise<MediaEngine> {
  const options = { file, bind: ip, addresses: [ip], threads: Number(threads), streams: streams === 'streams' }
  if (!options.streams) return startNativeEngine({ ...options, port: 0 })
  for (;;) {
    const front = createServer({ noDelay: true })
    await once(front.listen(0, ip), 'listening')
    try {
      const engine = startNativeEngine({ ...options, port: (front.address() as AddressInfo).port })
      const take = acceptMediaStreams(engine.streams)
      front.on('connection', (socket) => {
        socket.on('error', () => socket.destroy())
        take(socket)
      })
      return engine
    } catch (error) {
      front.close()
      if (!String(error).includes('in use')) throw error
    }
  }
}

const engine = await start()
engine.onEvents((events) => {
  // Levels come ten times a second and nobody here listens.
  const wanted = events.filter((event) => event.type !== 'audioLevels' && event.type !== 'quality')
  if (wanted.length > 0) tell({ events: wanted })
})
process.on('message', (asked: Asked) => {
  if ('apply' in asked) engine.apply(asked.apply)
  else tell({ metrics: engine.metrics() })
})
process.on('disconnect', () => process.exit())
tell({ port: engine.port })
