import { type Row, show, spread } from './figures.ts'
import { PACED } from './forwarding.ts'
import type { Turn } from './turns.ts'

/**
 * What the rows with one video say together: whether a packet costs the same however many get it, and what a second thread brings. A process that
 * wakes for few packets pays for waking: how much that is alone is said by the floor that rests between frames too.
 */
export function scale(rows: readonly Row[]): Row | undefined {
  const videos = rows.filter(({ row, load }) => (row === 'M2' || row === 'scale') && load.startsWith('video'))
  const turns = (row: Row) => (row.figures as { turns: Turn[] }).turns
  const cost = (row: Row) => spread(turns(row).map((turn) => turn.micros))
  const floor = (row: Row) => spread(turns(row).map((turn) => turn.floors[PACED] ?? Number.NaN))
  const ratio = (row: Row, name: string) =>
    spread(turns(row).map((turn) => turn.micros / (turn.floors[name] ?? Number.NaN)))
  const one = videos.filter(({ load }) => !load.includes('threads'))
  const two = videos.find(({ load }) => load.includes('2 threads'))
  const same = one.find(({ load }) => two?.load.startsWith(`${load},`))
  if (one.length < 2) return
  const flatness = (of: (row: Row) => number) => Math.max(...one.map(of)) / Math.min(...one.map(of))
  const flat = flatness((row) => cost(row).median)
  const floorFlat = flatness((row) => floor(row).median)
  const flatToFloor = flatness((row) => ratio(row, PACED).median)
  const cells: Record<string, string> = {
    'dearest/cheapest us/packet': flat.toFixed(2),
    'the same of the paced floor': floorFlat.toFixed(2),
    'dearest/cheapest ratio to it': flatToFloor.toFixed(2),
  }
  for (const row of one)
    cells[row.load.replace('video, ', '')] = `${show(cost(row))}, x paced floor ${show(ratio(row, PACED))}`
  // As many packets as two threads can send, beside one: where both are free of what each packet costs them. Each beside the floor of its
  // own minutes, since the rows are minutes apart.
  const speedup = two && same ? (2 * ratio(same, 'GSO floor').median) / ratio(two, 'GSO floor').median : undefined
  if (speedup) cells['two threads'] = `${speedup.toFixed(2)} x one`
  return { row: 'scale', load: 'all of them', cells, remarks: [], figures: { flat, floorFlat, flatToFloor, speedup } }
}
