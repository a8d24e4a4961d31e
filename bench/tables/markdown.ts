// Figures of rows as tables of Markdown.
import { type Row, type Spread, show } from '../engine/figures.ts'
import type { Machine } from '../engine/system.ts'
import { stateOf } from './chat-state.ts'

type Line = string[]

/** What was asked of each row: the least, and the aim. */
const bars: Record<string, string> = {
  M1: '2.8 / 1.5',
  M2: '3 / 2',
  M3: '3 / 2',
  M4: 'p99 + 2 / + 0.3 ms',
  M5: '400 / 1,500',
  F1: '10 kB a consumer, slope 0',
  scale: '1.6 / 1.2; two threads 1.8 / 1.95',
  T1: '1.5 / 1.1 of raw; 0.3 a message at 20 a second',
  T2: '37 / 12 KB, garbage collected',
  T3: 'p99 250 ms / 3 x fsync p99 + 30 ms; 10,000 durable a second',
  R2: '1.5 / 1.1 of the p99s; bounded / 2 MB an offender',
  T4: 'p99 15 ms, search 100 ms / 5, 10 ms, and p50 2 x SQLite + 0.3 ms',
}

export function table(head: Line, lines: Line[]): string {
  const line = (cells: Line) => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...lines.map(line)].join('\n')
}

export function machineLine(machine: Machine): string {
  const day = machine.date.slice(0, 10)
  return `${day}, ${machine.processor}, ${machine.cores} cores, Linux ${machine.kernel}, load ${machine.load} before, profile ${machine.profile}.`
}

const milliseconds = ({ median }: Spread) => `${(median / 1_000).toFixed(2)} ms`

interface Cost {
  micros: Spread
  floors: { name: string; micros: Spread; ratio: Spread }[]
  busy: Spread
}

interface Delay {
  relayP50: Spread
  relayP99: Spread
  addedP50: Spread
  addedP99: Spread
}

/** One line: row, load, what it costs, what it is compared with, how both compare, what was asked, remarks. */
function lineOf(row: Row): Line {
  const figures = row.figures as Record<string, unknown>
  const said = row.remarks.join('; ')
  const line = (figure: string, beside: string, ratio: string) => [
    row.row,
    row.load,
    figure,
    beside,
    ratio,
    bars[row.row] ?? '',
    said,
  ]
  if ('floors' in figures) {
    const { micros, floors } = row.figures as Cost
    const each = (of: (floor: Cost['floors'][number]) => string) => floors.map(of).join('<br>')
    return line(
      `${show(micros)} us a packet`,
      each((floor) => `${floor.name} ${floor.micros.median.toFixed(2)}`),
      each((floor) => show(floor.ratio)),
    )
  }
  if ('addedP50' in figures) {
    const { relayP50, relayP99, addedP50, addedP99 } = row.figures as Delay
    const relay = `relay ${milliseconds(relayP50)} / ${milliseconds(relayP99)}`
    return line(`+ ${milliseconds(addedP50)} / + ${milliseconds(addedP99)} (p50 / p99)`, relay, '')
  }
  const cells = Object.entries(row.cells).map(([name, value]) => `${name}: ${value}`)
  return line(cells.join('<br>'), '', '')
}

export function engineTable(rows: readonly Row[]): string {
  const head = ['row', 'load', 'figure', 'beside', 'ratio', 'asked: least / aim', 'remarks of the run']
  return table(head, rows.map(lineOf))
}

interface Peer {
  micros: Spread
  ratio: Spread
  megabits: Spread
}

function peerOf(row: Row, name: string): Peer | undefined {
  return (row.figures as Record<string, Peer>)[name]
}

function delaysOf(row: Row, name: string): string[] {
  const delays = (row.figures as Record<string, Record<'p50' | 'p95', Spread> | undefined>)[`${name} delays`]
  return [delays?.p50, delays?.p95].map((delay) => (delay ? (delay.median / 1_000).toFixed(2) : '-'))
}

export function chatTable(rows: readonly Row[]): string {
  const head = ['row', 'load', 'figures', 'asked: least / aim', 'state', 'remarks of the run']
  const lines = rows.map((each) => {
    const { row, load, cells, remarks } = each
    const figures = Object.entries(cells).map(([name, value]) => `${name}: ${value}`)
    return [row, load, figures.join('<br>'), bars[row] ?? '', stateOf(each), remarks.join('; ')]
  })
  return table(head, lines)
}

/** The other server as it calls itself. */
function peerName(rows: readonly Row[]): string {
  const figures = rows[0]?.figures as { peer?: string } | undefined
  return figures?.peer ?? 'livekit-server'
}

export function peerTable(rows: readonly Row[]): string {
  const head = ['load', 'floor', 'Maru', peerName(rows), 'Maru is ahead', 'remarks of the run']
  const lines = rows.map((row) => {
    const figures = row.figures as Record<string, Spread | undefined>
    const cost = (name: string) => {
      const peer = peerOf(row, name)
      if (!peer) return 'not here'
      const [p50, p95] = delaysOf(row, name)
      return `${show(peer.micros, 1)} us, ${peer.megabits.median.toFixed(0)} Mbit/s<br>delay ${p50} / ${p95} ms (p50 / p95)`
    }
    const { ahead, floor } = figures
    return [
      row.load,
      floor ? `${floor.median.toFixed(1)} us` : '',
      cost('Maru'),
      cost('LiveKit'),
      ahead ? `${show(ahead, 1)} times` : '',
      row.remarks.join('; '),
    ]
  })
  return table(head, lines)
}

/** The few lines of the README. */
export function highlights(rows: readonly Row[], peers: readonly Row[]): string {
  const lines: Line[] = []
  for (const row of rows.filter(({ row }) => ['M1', 'M2', 'M3'].includes(row))) {
    const { micros, floors } = row.figures as Cost
    const [floor] = floors
    if (!floor) continue
    const beside = `${floor.micros.median.toFixed(1)} us: sealing and sending alone`
    lines.push([
      `CPU for a forwarded packet, ${row.load}`,
      `${micros.median.toFixed(1)} us`,
      beside,
      floor.ratio.median.toFixed(1),
    ])
  }
  for (const row of rows.filter(({ row }) => row === 'M4')) {
    const { relayP50, relayP99, addedP50, addedP99 } = row.figures as Delay
    const figure = `+ ${milliseconds(addedP50)} / + ${milliseconds(addedP99)}`
    const beside = `${milliseconds(relayP50)} / ${milliseconds(relayP99)}: a relay`
    lines.push([`delay p50 / p99 at half load, ${row.load}`, figure, beside, ''])
  }
  for (const row of peers) {
    const [ours, theirs] = [peerOf(row, 'Maru'), peerOf(row, 'LiveKit')]
    const ahead = (row.figures as Record<string, Spread | undefined>).ahead
    if (!ours || !theirs || !ahead) continue
    const beside = `${theirs.micros.median.toFixed(1)} us: ${peerName(peers)}`
    lines.push([
      `CPU of the whole server for a packet, ${row.load}`,
      `${ours.micros.median.toFixed(1)} us`,
      beside,
      `1/${ahead.median.toFixed(1)}`,
    ])
  }
  return table(['what', 'figure', 'beside', 'ratio'], lines)
}
