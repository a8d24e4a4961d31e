// M1, M2, M3 and scale: what a forwarded packet costs.
import { Call, type Files, type Track } from './call.ts'
import { type Row, rowOf, show, spread } from './figures.ts'
import { Floor, videoFrames, voiceFrames } from './floor.ts'
import type { Wire } from './place.ts'
import { type Plan, type Turn, takeTurns, turn, warm } from './turns.ts'

export interface Setting {
  files: Files
  wire: Wire
  turns: number
  /** Of media in a turn. */
  seconds: number
  sabotage: boolean
}

interface Gathering {
  row: string
  load: string
  publishers: string[]
  subscribers: number
  wanted: (tracks: Track[][], number: number) => Track[]
  /** How many are to get each packet. */
  each?: number
  /** Publishers and subscribers are in so many rooms, alike. */
  rooms?: number
  floors: Plan['floors']
  speakers?: number
}

const SPEAKERS = 10
/** Of each form of the floor in a turn. */
const FLOOR_SECONDS = 0.5
/** Packets that each sends; they are not in step. */
const VOICES_A_SECOND = 50

export function voice(setting: Setting, listeners: number): Promise<Row> {
  return gather(setting, {
    row: 'M1',
    load: `voice, ${SPEAKERS} speakers x ${listeners}`,
    publishers: Array.from({ length: SPEAKERS }, () => 'voice'),
    subscribers: listeners,
    wanted: (tracks) => tracks.flat(),
    each: listeners,
    floors: [
      { name: 'floor', form: 'plain', frames: voiceFrames },
      { name: 'floor, paced', form: 'plain', frames: voiceFrames, framesASecond: SPEAKERS * VOICES_A_SECOND },
    ],
  })
}

/** The floor that rests between two frames, as the engine does. */
export const PACED = 'GSO floor, paced'
export const KILOBITS = 1_700
export const VIDEO = `video:${KILOBITS}:30:720`

export function video(setting: Setting, viewers: number, row = 'M2'): Promise<Row> {
  return gather(setting, oneVideo(viewers, row))
}

function oneVideo(viewers: number, row: string): Gathering {
  const frames = videoFrames(KILOBITS, 30)
  return {
    row,
    load: `video, 1 x ${viewers}`,
    publishers: [VIDEO],
    subscribers: viewers,
    wanted: (tracks) => tracks.flat(),
    each: viewers,
    floors: [
      { name: 'GSO floor', form: 'gso', frames },
      { name: 'floor', form: 'plain', frames },
      { name: PACED, form: 'gso', frames, framesASecond: 30 },
    ],
  }
}

/** The same of an engine with two media threads, and of one with a single thread in turns with it: minutes apart the machine is another one. */
export async function twoThreads(setting: Setting, viewers: number): Promise<Row> {
  const { files, wire, seconds } = setting
  const { load, floors, ...gathering } = oneVideo(viewers, 'scale')
  const calls: Call[] = []
  let floor: Floor | undefined
  try {
    for (const threads of [1, 2]) {
      const call = await Call.start(files, wire, threads)
      calls.push(call)
      await assemble(setting, call, { ...gathering, load, floors })
      await warm(call)
    }
    const [one, two] = calls as [Call, Call]
    floor = await Floor.start(files, wire, two, viewers)
    const turns: Record<'one' | 'two', Turn[]> = { one: [], two: [] }
    for (let number = 0; number < setting.turns; number += 1) {
      const plan = { seconds, floorSeconds: FLOOR_SECONDS }
      const single = async () => turns.one.push(await turn(one, floor as Floor, { ...plan, floors: [] }))
      if (number % 2 === 0) await single()
      turns.two.push(await turn(two, floor, { ...plan, floors }))
      if (number % 2 === 1) await single()
    }
    const row = rowOf('scale', `${load}, 2 threads`, turns.two, viewers)
    const alone = turns.one.map(({ micros }) => micros)
    // As many packets as two threads can send, beside one: where both are free of what each packet costs them.
    const speedup = spread(turns.two.map(({ micros }, number) => (2 * (alone[number] ?? Number.NaN)) / micros))
    row.cells['one thread us'] = show(spread(alone))
    row.cells['two threads'] = `${show(speedup)} x one`
    row.figures = { ...row.figures, one: turns.one, speedup }
    return row
  } finally {
    floor?.end()
    for (const call of calls) call.end()
  }
}

/** Of all rooms together. */
const VIEWERS = 3_000
/** A third of the pictures of the other rows: so many viewers leave a thread time to spare. */
const PICTURES_A_SECOND = 10

/** Always as many viewers, in rooms of so many: the thread is as busy in each row, and only what comes in differs. */
export function rooms(setting: Setting, size: number): Promise<Row> {
  const count = VIEWERS / size
  const kilobits = Math.round((KILOBITS * PICTURES_A_SECOND) / 30)
  const video = `video:${kilobits}:${PICTURES_A_SECOND}:720`
  const frames = videoFrames(kilobits, PICTURES_A_SECOND)
  return gather(setting, {
    row: 'scale',
    load: `rooms, ${count} of ${size}`,
    publishers: Array.from({ length: count }, () => video),
    rooms: count,
    subscribers: VIEWERS,
    wanted: (tracks, number) => tracks[Math.floor(number / size)] ?? [],
    each: size,
    floors: [
      { name: 'GSO floor', form: 'gso', frames },
      { name: PACED, form: 'gso', frames, framesASecond: PICTURES_A_SECOND * count, groups: count },
    ],
  })
}

/** Everybody sends a voice and a camera of three layers, and receives everybody else. */
export function meeting(setting: Setting, people: number): Promise<Row> {
  return gather(setting, {
    row: 'M3',
    load: `meeting, ${people} x ${people}`,
    publishers: Array.from({ length: people }, () => 'voice,camera'),
    subscribers: people,
    wanted: (tracks, number) =>
      tracks.flatMap((all, publisher) => {
        const place = (publisher - number + people) % people
        return place === 0 ? [] : all.map((track) => shown(track, place))
      }),
    // A voice for every two packets or so of pictures; the size hardly matters to the floor.
    floors: [{ name: 'floor', form: 'plain', frames: `${voiceFrames},1050*2` }],
    speakers: 2,
  })
}

/** Everybody has somebody else large, four beside at half the size, and the others small. */
function shown(track: Track, place: number): Track {
  const height = place === 1 ? 720 : place <= 5 ? 360 : 180
  return track.video ? { ...track, size: { width: (height * 16) / 9, height } } : track
}

async function gather(setting: Setting, gathering: Gathering): Promise<Row> {
  const { files, wire } = setting
  const call = await Call.start(files, wire)
  try {
    await assemble(setting, call, gathering)
    const floor = await Floor.start(files, wire, call, gathering.subscribers)
    try {
      const { turns, seconds } = setting
      const plan = { turns, seconds, floorSeconds: FLOOR_SECONDS, floors: gathering.floors }
      return rowOf(gathering.row, gathering.load, await takeTurns(call, floor, plan), gathering.each)
    } finally {
      floor.end()
    }
  } finally {
    call.end()
  }
}

/** Everybody joins. */
async function assemble(setting: Setting, call: Call, gathering: Gathering) {
  if (setting.sabotage) call.load.say('hurry', SABOTAGE)
  const { publishers, subscribers: count, wanted, rooms = 1, speakers } = gathering
  const tracks: Track[][] = []
  for (const [at, publisher] of publishers.entries()) tracks.push(await call.publish(publisher, `room-${at % rooms}`))
  const size = count / rooms
  for (let room = 0; room < rooms; room += 1) {
    const each = { count: size, from: room * size, room: `room-${room}` }
    await call.subscribe({ ...each, wanted: (number) => wanted(tracks, number) })
  }
  // Key frames of the rooms come one after the other.
  if (rooms > 1) call.load.say('spread')
  if (speakers) call.load.say('speakers', speakers)
}

/** So many times as often do sabotaged clients report: work for the server that forwards nothing. */
const SABOTAGE = 60
