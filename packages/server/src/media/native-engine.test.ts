import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { EngineCommand, EngineEvent } from './media-engine.ts'
import { startNativeEngine } from './native-engine.ts'

const file = join(import.meta.dirname, '../../../../crates/engine-node/engine.node')
const open = (transport: number): EngineCommand[] => [
  { type: 'openTransport', transport, role: 'subscriber', room: 'hall' },
  { type: 'subscribe', transport, wanted: [] },
]

function start() {
  const engine = startNativeEngine({ file, port: 0, addresses: ['127.0.0.1'], threads: 1, streams: false })
  onTestFinished(() => engine.shutdown())
  const events: EngineEvent[] = []
  engine.onEvents((batch) => void events.push(...batch))
  return { engine, events }
}

test('a command that cannot be read is passed over and logged; those around it count', async () => {
  const { engine, events } = start()
  const unreadable = { type: 'closeTransport', transport: 'first' } as never
  engine.apply([...open(1), unreadable, ...open(2)])
  const offered = () => events.flatMap((event) => (event.type === 'offered' ? [event.transport] : []))
  await expect.poll(offered).toEqual([1, 2])
  expect(events.filter(({ type }) => type === 'log')).toEqual([
    {
      type: 'log',
      level: 'error',
      message: expect.stringContaining('a command cannot be read: closeTransport: '),
      transport: 0,
    },
  ])
})

test('a full queue takes nothing, and says so', () => {
  const { engine, events } = start()
  const many = Array.from({ length: 70_000 }, (): EngineCommand => ({ type: 'closeTransport', transport: 1 }))
  expect(() => engine.apply(many)).toThrow('commands are waiting')
  expect(events).toEqual([])
})
