import { type Row, type Spread, show, spread } from './figures.ts'
import { PACED } from './forwarding.ts'
import type { Turn } from './turns.ts'

/**
 * What the rows with one video say together: whether a packet costs the same however many get it, and what a second thread brings. A process that
 * wakes for few packets pays for waking: how much that is alone is said by the floor that rests between frames too, and by as many viewers in rooms of
 * different sizes, for whom it is awake as often.
 */
export function scale(rows: readonly Row[]): Row | undefined {
  const videos = rows.filter(({ row, load }) => (row === 'M2' || row === 'scale') && load.startsWith('video'))
  const turns = (row: Row) => (row.figures as { turns: Turn[] }).turns
  const cost = (row: Row) => spread(turns(row).map((turn) => turn.micros))
  const floor = (row: Row) => spread(turns(row).map((turn) => turn.floors[PACED] ?? Number.NaN))
  const ratio = (row: Row, name: string) =>
    spread(turns(row).map((turn) => turn.micros / (turn.floors[name] ?? Number.NaN)))
  const equal = rows.filter(({ row, load }) => row === 'scale' && load.startsWith('rooms'))
  const one = videos.filter(({ load }) => !load.includes('threads'))
  const two = videos.find(({ load }) => load.includes('2 threads'))
  if (one.length < 2) return
  const flatness = (rows: readonly Row[]) => {
    const of = (value: (row: Row) => number) => Math.max(...rows.map(value)) / Math.min(...rows.map(value))
    return {
      flat: of((row) => cost(row).median),
      floorFlat: of((row) => floor(row).median),
      flatToFloor: of((row) => ratio(row, PACED).median),
    }
  }
  const alone = flatness(one)
  const cells: Record<string, string> = {
    'one room: dearest/cheapest us/packet': alone.flat.toFixed(2),
    'the same of the paced floor': alone.floorFlat.toFixed(2),
    'dearest/cheapest ratio to it': alone.flatToFloor.toFixed(2),
  }
  const together = equal.length > 1 ? flatness(equal) : undefined
  if (together) {
    cells['as many in rooms: dearest/cheapest us/packet'] = together.flat.toFixed(2)
    cells['the same of the floor in rooms'] = together.floorFlat.toFixed(2)
    cells['dearest/cheapest ratio to that'] = together.flatToFloor.toFixed(2)
  }
  for (const row of [...one, ...equal])
    cells[row.load.replace('video, ', '')] = `${show(cost(row))}, x paced floor ${show(ratio(row, PACED))}`
  // Of pairs, which the row took in turns.
  const speedup = (two?.figures as { speedup?: Spread } | undefined)?.speedup
  if (speedup) cells['two threads'] = `${show(speedup)} x one`
  return { row: 'scale', load: 'all of them', cells, remarks: [], figures: { ...alone, together, speedup } }
}
