import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { EngineCommand, EngineEvent, EngineMetrics } from '../../crates/engine-node/index.d.ts'
import type { Asked, Told } from '../serve.ts'
import type { Place } from './place.ts'

/** The engine in a process of its own. */
export interface EngineServer {
  readonly pid: number
  readonly port: number
  apply(commands: EngineCommand[]): void
  metrics(): Promise<EngineMetrics>
  /** Hears every event that no `next` has taken. */
  onEvent(listener: (event: EngineEvent) => void): void
  end(): void
}

/** `streams`: takes packets by TCP as well. */
export async function startEngine(
  addon: string,
  place: Place,
  threads: number,
  streams: boolean,
): Promise<EngineServer> {
  const serve = join(import.meta.dirname, '../serve.ts')
  const program = [process.execPath, serve, addon, place.ip, String(threads), streams ? 'streams' : 'datagrams']
  const [command = '', ...args] = [...place.prefix, ...program]
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let listener: (event: EngineEvent) => void = () => {}
  const asked: ((metrics: EngineMetrics) => void)[] = []
  const started = Promise.withResolvers<number>()
  child.on('error', started.reject)
  child.on('exit', (code) => {
    started.reject(new Error(`the engine's process ended with ${code}`))
    if (code) listener({ type: 'engineFailed', reason: `its process ended with ${code}` })
  })
  child.on('message', (told: Told) => {
    if ('port' in told) started.resolve(told.port)
    else if ('events' in told) for (const event of told.events) listener(event)
    else asked.shift()?.(told.metrics)
  })
  const port = await started.promise
  const send = (message: Asked) => child.connected && child.send(message)
  return {
    pid: child.pid ?? 0,
    port,
    apply: (commands) => void send({ apply: commands }),
    metrics: () =>
      new Promise((resolve) => {
        asked.push(resolve)
        send({ metrics: true })
      }),
    onEvent: (next) => {
      listener = next
    },
    end: () => void child.kill('SIGKILL'),
  }
}
