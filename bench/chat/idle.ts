import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as tick } from 'node:timers/promises'
import { type Row, show, spread } from '../engine/figures.ts'
import { residentMemory } from '../engine/system.ts'
import { startCollectable } from './collectable.ts'
import { connectAll } from './fan-out.ts'
import { enterRoom } from './light-client.ts'
import { addRooms, fill } from './place.ts'

const MEMBERS = 500
/** Come before, so that the server has loaded and compiled what it needs for anybody. */
const FIRST = 300
const ROOMS = 50
const SETTLED_MS = 3_000

interface Grown {
  /** Bytes for each client, as they come, and when garbage was collected before and after. */
  asItComes: number
  collected: number
  /** Of the server with nobody connected. */
  empty: number
}

/** Members that belong to fifty rooms each have one of them open and have looked at the list of all, as a browser does. Then they are silent. */
async function connectIdle(): Promise<Grown> {
  const folder = mkdtempSync(join(tmpdir(), 'maru-bench-'))
  const tokens = await fill(join(folder, 'maru.db'), (storage) => addRooms(storage, FIRST + MEMBERS, ROOMS))
  const maru = await startCollectable(folder)
  const come = async (from: number, to: number) => {
    const clients = await connectAll(to - from, async (n) => {
      const token = tokens[from + n] ?? ''
      const client = await enterRoom(maru.port, `room${(from + n) % ROOMS}`, `Member ${from + n}`, token)
      const list = await fetch(`http://127.0.0.1:${maru.port}/api/rooms`, {
        headers: { authorization: `Bearer ${token}`, connection: 'close' },
      })
      const { rooms } = (await list.json()) as { rooms: object[] }
      if (rooms.length !== ROOMS) throw new Error(`a member has ${rooms.length} rooms instead of ${ROOMS}`)
      return client
    })
    await tick(SETTLED_MS)
    return clients
  }
  try {
    const first = await come(0, FIRST)
    const empty = await maru.collected()
    const others = await come(FIRST, FIRST + MEMBERS)
    const after = residentMemory(maru.pid)
    const afterCollection = await maru.collected()
    for (const { socket } of [...first, ...others]) socket.destroy()
    return { asItComes: (after - empty) / others.length, collected: (afterCollection - empty) / others.length, empty }
  } finally {
    await maru.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** T2. */
export async function idle(turns: number): Promise<Row[]> {
  const taken: Grown[] = []
  for (let n = 0; n < turns; n += 1) taken.push(await connectIdle())
  const kibibytes = (of: (grown: Grown) => number) => spread(taken.map((grown) => of(grown) / 1_024))
  const figures = {
    asItComes: kibibytes(({ asItComes }) => asItComes),
    collected: kibibytes(({ collected }) => collected),
    empty: kibibytes(({ empty }) => empty),
  }
  const cells = {
    'KiB a client': show(figures.asItComes, 1),
    'KiB a client, garbage collected': show(figures.collected, 1),
    'server MiB': (figures.empty.median / 1_024).toFixed(0),
  }
  return [{ row: 'T2', load: `${MEMBERS} idle clients with ${ROOMS} rooms each`, cells, remarks: [], figures }]
}
