import { once } from 'node:events'
import { join } from 'node:path'
import { residentMemory } from '../engine/system.ts'
import { type Maru, startMaru } from '../maru.ts'

/** A server whose garbage can be collected from outside: what waits for its collection is nobody's memory. */
export interface Collectable extends Maru {
  /** Resident memory in bytes, after a collection. */
  collected(): Promise<number>
}

export async function startCollectable(folder: string): Promise<Collectable> {
  const maru = await startMaru(folder, { node: ['--expose-gc', '--import', join(import.meta.dirname, 'collect.ts')] })
  return {
    ...maru,
    async collected() {
      const said = once(maru.output, 'data')
      process.kill(maru.pid, 'SIGUSR2')
      await said
      return residentMemory(maru.pid)
    },
  }
}
