import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Row, show, spread } from '../engine/figures.ts'
import { startMaru } from '../maru.ts'
import { connectAll } from './fan-out.ts'
import { enterRoom, type LightClient } from './light-client.ts'
import { addMembers, addMessages, fill } from './place.ts'
import { percentile } from './times.ts'

/** Questions of each kind in a turn. A connection may ask some twenty at once and five a second. */
const QUESTIONS = 1_000
const PER_CONNECTION = 5
const PAGE = 50
const HITS = 20
const WARM = 50

interface Times {
  page: number[]
  search: number[]
}

/** Where the nth page or search begins: all over the room, the same in each turn. */
const placeOf = (n: number, messages: number) => PAGE * 2 + ((n * 7_919_993) % (messages - PAGE * 2))

/** The same rows by plain statements, in this process. */
function raw(file: string, messages: number): Times {
  const db = new DatabaseSync(file, { readOnly: true })
  // A limit that is a value by itself has SQLite compile the statement each time.
  const page = db.prepare(
    `select * from entry where room_id = 1 and line = 1 and seq < ? order by seq desc limit ${PAGE}`,
  )
  // Cast: numbers come from JavaScript as fractions, and of those the index of words takes no notice.
  const search = db.prepare(
    `select entry.* from message_index join entry on entry.id = message_index.rowid
     where message_index match 'body : "marble" AND body : "harbour"' and message_index.rowid < cast(? as integer)
     order by message_index.rowid desc limit ${HITS}`,
  )
  const times = (run: (n: number) => unknown[], expected: number) => {
    const taken: number[] = []
    for (let n = 0; n < WARM + QUESTIONS; n += 1) {
      const from = performance.now()
      const { length } = run(n)
      if (n >= WARM) taken.push(performance.now() - from)
      if (length > expected || length === 0) throw new Error(`a plain statement gave ${length} rows`)
    }
    return taken
  }
  const result = {
    page: times((n) => page.all(placeOf(n, messages)), PAGE),
    search: times((n) => search.all(placeOf(n, messages) + HITS * 30), HITS),
  }
  db.close()
  return result
}

async function asked(clients: LightClient[], messages: number): Promise<Times> {
  const times = async (question: (n: number) => object, sign: string) => {
    const taken: number[] = []
    for (let n = 0; n < WARM + QUESTIONS; n += 1) {
      const from = performance.now()
      const answer = await clients[n % clients.length]?.ask(question(n))
      if (n >= WARM) taken.push(performance.now() - from)
      if (!answer?.includes(sign)) throw new Error(`the server answered ${answer?.slice(0, 200)}`)
    }
    return taken
  }
  return {
    page: await times((n) => ({ type: 'history', before: placeOf(n, messages), limit: PAGE }), '"clientId"'),
    search: await times(
      (n) => ({ type: 'search', query: 'marble harbour', before: placeOf(n, messages) + HITS * 30, limit: HITS }),
      '"marks"',
    ),
  }
}

/** T4: a page and a search of two words through the room socket, beside plain SQLite on the same file, in turns. */
export async function lookingBack(messages: number, turns: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'maru-bench-'))
  const file = join(folder, 'maru.db')
  try {
    const connections = Math.ceil((WARM + QUESTIONS) / PER_CONNECTION)
    const tokens = await fill(file, async (storage) => {
      const tokens = await addMembers(storage, 'hall', connections, 1)
      await addMessages(storage, 'hall', `ME_hall${'0'.repeat(11)}`, messages)
      return tokens
    })
    const runs: { api: Times; raw: Times }[] = []
    for (let n = 0; n < turns; n += 1) {
      const plain = raw(file, messages)
      const maru = await startMaru(folder)
      const clients = await connectAll(connections, (n) => enterRoom(maru.port, 'hall', `Member ${n}`, tokens[n] ?? ''))
      runs.push({ api: await asked(clients, messages).finally(() => maru.end()), raw: plain })
    }
    return (['page', 'search'] as const).map((what) => {
      const of = (side: 'api' | 'raw', share: number) => spread(runs.map((run) => percentile(run[side][what], share)))
      const figures = {
        p50: of('api', 0.5),
        p99: of('api', 0.99),
        rawP50: of('raw', 0.5),
        rawP99: of('raw', 0.99),
        ratio: spread(runs.map(({ api, raw }) => percentile(api[what], 0.5) / percentile(raw[what], 0.5))),
      }
      const cells = {
        'p50 ms': show(figures.p50),
        'p99 ms': show(figures.p99),
        'SQLite p50 ms': show(figures.rawP50),
        'SQLite p99 ms': show(figures.rawP99),
        'x SQLite p50': show(figures.ratio),
      }
      const load = `${what === 'page' ? `page of ${PAGE}` : 'search of two words'}, ${messages.toLocaleString('en')}`
      return { row: 'T4', load, cells, remarks: [], figures }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
