// The engine by itself in a process, for `bench/engine.ts`: commands come as messages of the parent, events go back.
import { type Addon, loadAddon } from '../packages/server/src/media/load-addon.ts'

type Engine = InstanceType<Addon['Engine']>
export type Asked = { apply: Parameters<Engine['apply']>[0] } | { metrics: true }
export type Told =
  | { port: number }
  | { events: ReturnType<Engine['drain']> }
  | { metrics: ReturnType<Engine['metrics']> }

const [file = '', ip = '', threads = '1'] = process.argv.slice(2)
const tell = (told: Told) => process.send?.(told)
const { Engine } = loadAddon(file)
const engine: Engine = new Engine({ port: 0, bind: ip, addresses: [ip], threads: Number(threads) }, () => {
  const events = engine.drain()
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
