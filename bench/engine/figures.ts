import type { Turn } from './turns.ts'

/** Smallest, middle and largest of the runs. */
export interface Spread {
  min: number
  median: number
  max: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number) => Number((sorted[index] ?? Number.NaN).toPrecision(4))
  return { min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) }
}

/** One line of the table. `cells` are for people, `figures` for the file. */
export interface Row {
  row: string
  load: string
  cells: Record<string, string>
  /** What a reader must know before believing the row. */
  remarks: string[]
  figures: object
}

export const show = ({ min, median, max }: Spread, digits = 2) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
const percent = (share: number) => `${Math.round(share * 100)} %`

/** What turns of engine and floor say together; `each`: who is to get every packet that is sent, where that is so. Ratios are of pairs taken one after the other. */
export function rowOf(row: string, load: string, turns: readonly Turn[], each?: number): Row {
  const of = (value: (turn: Turn) => number) => spread(turns.map(value))
  const names = Object.keys(turns[0]?.floors ?? {})
  const floors = names.map((name) => ({
    name,
    micros: of((turn) => turn.floors[name] ?? Number.NaN),
    ratio: of((turn) => turn.micros / (turn.floors[name] ?? Number.NaN)),
  }))
  const figures = {
    micros: of((turn) => turn.micros),
    processMicros: of((turn) => turn.processMicros),
    floors,
    packetsASecond: of((turn) => turn.packetsASecond),
    megabits: of((turn) => turn.megabits),
    busy: of((turn) => turn.busy),
    idle: of((turn) => turn.idle),
    loadShare: of((turn) => turn.loadShare),
    arrived: of((turn) => turn.received / turn.forwarded),
  }
  const cells: Record<string, string> = { 'us/packet': show(figures.micros) }
  for (const { name, micros, ratio } of floors) {
    cells[`${name} us`] = show(micros)
    cells[`x ${name}`] = show(ratio)
  }
  cells['packets/s'] = Math.round(figures.packetsASecond.median).toLocaleString('en')
  cells['Mbit/s'] = Math.round(figures.megabits.median).toLocaleString('en')
  cells['busy cores'] = figures.busy.median.toFixed(2)
  cells.idle = percent(figures.idle.median)
  cells['load/server'] = percent(figures.loadShare.median)
  return { row, load, cells, remarks: remarks(turns, each), figures: { ...figures, turns } }
}

function remarks(turns: readonly Turn[], each?: number): string[] {
  const said: string[] = []
  const sum = (value: (turn: Turn) => number) => turns.reduce((total, turn) => total + value(turn), 0)
  const arrived = sum((turn) => turn.received) / sum((turn) => turn.forwarded)
  if (Math.abs(1 - arrived) > 0.01) said.push(`${(arrived * 100).toFixed(1)} % of what was forwarded arrived`)
  const wanted = sum((turn) => turn.sent) * (each ?? 0)
  const forwarded = sum((turn) => turn.forwarded)
  if (forwarded < 0.99 * wanted)
    said.push(`${((forwarded / wanted) * 100).toFixed(1)} % of what everybody wanted was forwarded`)
  const dropped = sum((turn) => turn.dropped)
  if (dropped > 0) said.push(`the kernel threw ${dropped} packets away between two processes: the machine is busy`)
  const silent = Math.max(...turns.map((turn) => turn.silent))
  if (silent > 0) said.push(`${silent} subscribers heard nothing`)
  const lost = sum((turn) => turn.lost - turn.overflowed)
  if (lost > 0) said.push(`${lost} holes in the streams of sampled subscribers`)
  const overflowed = sum((turn) => turn.overflowed)
  if (overflowed > 0) said.push(`the clients had no room for ${overflowed} packets`)
  const refused = sum((turn) => turn.refused)
  if (refused > 0) said.push(`${refused} packets could not be opened`)
  if (turns.some((turn) => turn.busy > 0.95)) said.push('a core was full')
  if (turns.some((turn) => turn.loadShare > 0.3 && turn.busy > 0.3))
    said.push('the clients cost more than 30 % of the server')
  return said
}

/** Lines of a table, one block for each row: rows differ in their columns. */
export function print({ row, load, cells, remarks: said }: Row): string {
  const parts = Object.entries(cells).map(([name, value]) => `${name} ${value}`)
  const lines = [`${row.padEnd(6)} ${load.padEnd(34)} ${parts.join('   ')}`]
  for (const remark of said) lines.push(`${' '.repeat(7)}! ${remark}`)
  return lines.join('\n')
}
