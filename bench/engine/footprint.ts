// F1: what subscribers cost in memory, and whether those who left cost anything.
import { setTimeout as wait } from 'node:timers/promises'
import { Call, type Track } from './call.ts'
import type { Row } from './figures.ts'
import { type Setting, VIDEO } from './forwarding.ts'
import { residentMemory } from './system.ts'

const SUBSCRIBERS = 500
const COMINGS = 300
const AT_A_TIME = 30

export async function footprint(setting: Setting): Promise<Row> {
  const { files, wire, sabotage } = setting
  const call = await Call.start(files, wire)
  try {
    const voice = await call.publish('voice')
    const picture = await call.publish(VIDEO)
    const memory = () => residentMemory(call.server.pid)
    /** Bytes that each of many subscribers adds, media flowing. */
    const each = async (tracks: Track[], estimate: number) => {
      await call.subscribe({ count: 20, wanted: () => tracks, estimate })
      await played(call)
      const before = memory()
      const ids = await call.subscribe({ count: SUBSCRIBERS, wanted: () => tracks, estimate })
      await played(call)
      const bytes = (memory() - before) / SUBSCRIBERS
      call.leave(ids)
      await wait(500)
      return bytes
    }
    const voiceBytes = await each(voice, 0)
    const videoBytes = await each(picture, 5_000_000)
    const samples: number[] = []
    for (let come = 0; come < COMINGS; come += AT_A_TIME) {
      const ids = await call.subscribe({ count: AT_A_TIME, wanted: () => [...voice, ...picture], estimate: 5_000_000 })
      await played(call, 300)
      if (!sabotage) call.leave(ids)
      await wait(300)
      samples.push(memory())
    }
    const slope = slopeOf(samples) / AT_A_TIME
    const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`
    return {
      row: 'F1',
      load: 'memory of the engine',
      cells: {
        'a voice subscriber': kilobytes(voiceBytes),
        'a video subscriber': kilobytes(videoBytes),
        [`a join and leave, of ${COMINGS}`]: kilobytes(slope),
      },
      remarks: [],
      figures: { voiceBytes, videoBytes, slope, samples },
    }
  } finally {
    call.end()
  }
}

async function played(call: Call, milliseconds = 1_000) {
  call.load.say('play')
  await wait(milliseconds)
  call.load.say('pause')
  await wait(300)
}

/** Least squares, a sample a step. */
function slopeOf(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length
  const above = samples.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0)
  return above / samples.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
}
