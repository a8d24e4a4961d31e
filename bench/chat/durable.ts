import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as tick } from 'node:timers/promises'
import { type Row, show, spread } from '../engine/figures.ts'
import { startCollectable } from './collectable.ts'
import { connectAll } from './fan-out.ts'
import { enterRoom, type LightClient } from './light-client.ts'
import { addMembers, fill } from './place.ts'
import { type DiskWatch, fsyncTimes, percentile, watchDisk } from './times.ts'

const PEOPLE = 500
const PER_SECOND = 100
const GRACE_MS = 5_000

interface Sent {
  acked: number[]
  everybody: number[]
  unanswered: number
  fsync: number[]
  /** What the slowest sync of the disk took meanwhile, in milliseconds. */
  stall: number
}

/** Messages that come when they are due, whether or not the ones before are stored: a stall counts for all that it delays. */
async function send(clients: LightClient[], folder: string, disk: DiskWatch, seconds: number): Promise<Sent> {
  const fsync = fsyncTimes(folder)
  await disk.slowest()
  const count = seconds * PER_SECOND
  const heardBy = new Map<number, { left: number; at: number }>()
  for (const client of clients)
    client.onSeq = (seq, before) => {
      for (let each = before + 1; each <= seq; each += 1) {
        const heard = heardBy.get(each) ?? { left: clients.length, at: 0 }
        heardBy.set(each, heard)
        heard.left -= 1
        heard.at = performance.now()
      }
    }
  const from = performance.now()
  const acks: { due: number; at: number; seq: number }[] = []
  for (let n = 0; n < count; n += 1) {
    const due = from + (n * 1_000) / PER_SECOND
    const wait = due - performance.now()
    if (wait > 1) await tick(wait)
    const client = clients[n % clients.length]
    client
      ?.ask({
        type: 'send',
        clientId: `d${from} ${n}`,
        text: `Message ${n}, as long as what people write to each other.`,
      })
      .then((reply) => acks.push({ due, at: performance.now(), seq: Number(/"seq":(\d+)/.exec(reply)?.[1]) }))
  }
  const until = performance.now() + GRACE_MS
  while (acks.length < count && performance.now() < until) await tick(5)
  while (acks.some(({ seq }) => (heardBy.get(seq)?.left ?? 1) > 0) && performance.now() < until) await tick(5)
  for (const client of clients) client.onSeq = () => {}
  return {
    acked: acks.map(({ due, at }) => at - due),
    everybody: acks.flatMap(({ due, seq }) => {
      const heard = heardBy.get(seq)
      return heard && heard.left <= 0 ? [heard.at - due] : []
    }),
    unanswered: count - acks.length,
    fsync,
    stall: await disk.slowest(),
  }
}

const both = (one: Sent, other: Sent): Sent => ({
  acked: [...one.acked, ...other.acked],
  everybody: [...one.everybody, ...other.everybody],
  unanswered: one.unanswered + other.unanswered,
  fsync: [...one.fsync, ...other.fsync],
  stall: Math.max(one.stall, other.stall),
})

function rowOf(row: string, load: string, runs: readonly Sent[], members: number): Row {
  const of = (times: (sent: Sent) => number[], share: number) =>
    spread(runs.map((sent) => percentile(times(sent), share)))
  const figures = {
    ackP50: of(({ acked }) => acked, 0.5),
    ackP99: of(({ acked }) => acked, 0.99),
    lastP50: of(({ everybody }) => everybody, 0.5),
    lastP99: of(({ everybody }) => everybody, 0.99),
    fsyncP50: of(({ fsync }) => fsync, 0.5),
    fsyncP99: of(({ fsync }) => fsync, 0.99),
    stall: spread(runs.map(({ stall }) => stall)),
  }
  const remarks: string[] = []
  const unanswered = runs.reduce((sum, run) => sum + run.unanswered, 0)
  if (unanswered > 0) remarks.push(`${unanswered} messages were not acknowledged in ${GRACE_MS / 1_000} s`)
  const unheard = runs.reduce((sum, { acked, everybody }) => sum + acked.length - everybody.length, 0)
  if (unheard > 0) remarks.push(`${unheard} messages did not reach all ${members} in time`)
  const cells = {
    'ack p50 ms': show(figures.ackP50, 1),
    'ack p99 ms': show(figures.ackP99, 1),
    'last p50 ms': show(figures.lastP50, 1),
    'last p99 ms': show(figures.lastP99, 1),
    'fsync p50 ms': show(figures.fsyncP50, 1),
    'fsync p99 ms': show(figures.fsyncP99, 1),
    'slowest fsync meanwhile ms': show(figures.stall, 0),
  }
  return { row, load, cells, remarks, figures }
}

/** One who asks far more than anybody may, and comes back whenever the connection is closed. */
function flood(port: number, token: string): () => void {
  let stopped = false
  let current: LightClient | undefined
  const go = async () => {
    while (!stopped) {
      current = await enterRoom(port, 'hall', 'Flood', token)
      for (let n = 1; !stopped && !current.socket.destroyed && current.socket.writable; n += 1) {
        current.say({ type: 'send', id: n, clientId: `f${n}`, text: 'flood' })
        if (n % 50 === 0) await tick(10)
      }
    }
  }
  void go()
  return () => {
    stopped = true
    current?.socket.destroy()
  }
}

/** T3, and the same again beside somebody who does not read and somebody who floods: R2. */
export async function durable(members: number, turns: number, seconds: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'maru-bench-'))
  // Two more: the offenders.
  const tokens = await fill(join(folder, 'maru.db'), (storage) =>
    addMembers(storage, 'hall', PEOPLE, Math.ceil(members / PEOPLE) + 1),
  )
  const maru = await startCollectable(folder)
  const disk = await watchDisk(folder)
  const devices = tokens.length / PEOPLE
  const tokenOf = (n: number) => tokens[(n % PEOPLE) * devices + Math.floor(n / PEOPLE)] ?? ''
  try {
    const clients = await connectAll(members, (n) => enterRoom(maru.port, 'hall', `Member ${n % PEOPLE}`, tokenOf(n)))
    await tick(2_000)
    const calm: Sent[] = []
    const rough: Sent[] = []
    const grown: number[] = []
    const alone = () => send(clients, folder, disk, seconds / 2)
    const besideOffenders = async () => {
      const before = await maru.collected()
      const deaf = await enterRoom(maru.port, 'hall', 'Deaf', tokenOf(members))
      deaf.socket.pause()
      const stop = flood(maru.port, tokenOf(members + 1))
      const sent = await send(clients, folder, disk, seconds / 2)
      grown.push(((await maru.collected()) - before) / 2 ** 20)
      stop()
      deaf.socket.destroy()
      return sent
    }
    // Each has one half before the other and one after it: what the machine does meanwhile meets both.
    for (let n = 0; n < turns; n += 1) {
      const first = await alone()
      rough.push(both(await besideOffenders(), await besideOffenders()))
      calm.push(both(first, await alone()))
    }
    for (const { socket } of clients) socket.destroy()
    const load = `${PER_SECOND} messages/s to ${members}`
    const disturbed = rowOf('R2', `${load}, one deaf, one floods`, rough, members)
    const times = (part: 'acked' | 'everybody') =>
      spread(rough.map((each, n) => percentile(each[part], 0.99) / percentile(calm[n]?.[part] ?? [], 0.99)))
    disturbed.cells['x ack p99'] = show(times('acked'))
    disturbed.cells['x last p99'] = show(times('everybody'))
    disturbed.cells['MiB of both'] = show(spread(grown), 1)
    disturbed.figures = {
      ...disturbed.figures,
      ofAck: times('acked'),
      ofLast: times('everybody'),
      grown: spread(grown),
    }
    return [rowOf('T3', load, calm, members), disturbed]
  } finally {
    disk.end()
    await maru.end()
    rmSync(folder, { recursive: true, force: true })
  }
}
