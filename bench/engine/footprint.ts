// F1: what subscribers cost in memory, and whether those who left cost anything.
import { setTimeout as wait } from 'node:timers/promises'
import { Call, type Track } from './call.ts'
import type { Row } from './figures.ts'
import { type Setting, VIDEO } from './forwarding.ts'
import { residentMemory } from './system.ts'

const SUBSCRIBERS = 500
/** Of those who hear many. */
const LISTENERS = 200
const VOICES = 10
const COMINGS = 300
const AT_A_TIME = 20
const FIRST_COMINGS = 480
const AT_ONCE = 48
/** A thousand packets of a picture come in five seconds. */
const STORES_FULL_MS = 7_000

/** Each part has an engine of its own: memory that was let go of and not returned would hide what the next one takes. */
export async function footprint(setting: Setting): Promise<Row> {
  const slope = await inCall(setting, comings)
  const voiceBytes = await inCall(setting, (call, { voice }) => each(call, voice))
  const videoBytes = await inCall(setting, (call, { picture }) => each(call, picture))
  const manyBytes = await inCall(setting, async (call) => {
    const voices = await call.publish(Array.from({ length: VOICES }, () => 'voice').join(','))
    return each(call, voices, LISTENERS)
  })
  const trackBytes = (manyBytes - voiceBytes) / (VOICES - 1)
  const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`
  return {
    row: 'F1',
    load: 'memory of the engine',
    cells: {
      'a voice subscriber': kilobytes(voiceBytes),
      'a video subscriber': kilobytes(videoBytes),
      'a further track of a subscriber': kilobytes(trackBytes),
      [`a join and leave, of ${COMINGS}`]: kilobytes(slope),
    },
    remarks: [],
    figures: { voiceBytes, videoBytes, trackBytes, slope },
  }
}

interface Tracks {
  voice: Track[]
  picture: Track[]
}

async function inCall(setting: Setting, measure: (call: Call, tracks: Tracks, setting: Setting) => Promise<number>) {
  const call = await Call.start(setting.files, setting.wire)
  try {
    const tracks = { voice: await call.publish('voice'), picture: await call.publish(VIDEO) }
    // Somebody watches until the stores of the tracks are full, which would pass for memory of those who come then.
    await call.subscribe({ count: 1, wanted: () => [...tracks.voice, ...tracks.picture] })
    await played(call, STORES_FULL_MS)
    return await measure(call, tracks, setting)
  } finally {
    call.end()
  }
}

/** Bytes that each of many subscribers adds, media flowing. */
async function each(call: Call, tracks: Track[], count = SUBSCRIBERS) {
  await call.subscribe({ count: 50, wanted: () => tracks })
  await played(call)
  const before = residentMemory(call.server.pid)
  await call.subscribe({ count, wanted: () => tracks })
  await played(call)
  return (residentMemory(call.server.pid) - before) / count
}

/** Bytes that stay behind each who came and went. */
async function comings(call: Call, { voice, picture }: Tracks, { sabotage }: Setting) {
  const samples: number[] = []
  const wanted = () => [...voice, ...picture]
  // Node's heap for young objects grows with the first offers, and what is kept for the next ones fills.
  for (let come = 0; come < FIRST_COMINGS; come += AT_ONCE) call.leave(await call.subscribe({ count: AT_ONCE, wanted }))
  for (let come = 0; come < COMINGS; come += AT_A_TIME) {
    const ids = await call.subscribe({ count: AT_A_TIME, wanted })
    await played(call, 300)
    if (!sabotage) call.leave(ids)
    await wait(300)
    samples.push(residentMemory(call.server.pid))
  }
  return slopeOf(samples) / AT_A_TIME
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
