import { type Row, show, spread } from './figures.ts'
import type { Turn } from './turns.ts'

/** What the rows with one video say together: whether a packet costs the same however many get it, and what a second thread brings. */
export function scale(rows: readonly Row[]): Row | undefined {
  const videos = rows.filter(({ row, load }) => (row === 'M2' || row === 'scale') && load.startsWith('video'))
  const cost = (row: Row) => spread((row.figures as { turns: Turn[] }).turns.map((turn) => turn.micros))
  const one = videos.filter(({ load }) => !load.includes('threads'))
  const two = videos.find(({ load }) => load.includes('2 threads'))
  const same = one.find(({ load }) => two?.load.startsWith(`${load},`))
  if (one.length < 2) return
  const medians = one.map((row) => cost(row).median)
  const flat = Math.max(...medians) / Math.min(...medians)
  const cells: Record<string, string> = { 'dearest/cheapest us/packet': flat.toFixed(2) }
  for (const row of one) cells[row.load.replace('video, ', '')] = show(cost(row))
  // As many packets as two threads can send, beside one: where both are free of what each packet costs them.
  const speedup = two && same ? (2 * cost(same).median) / cost(two).median : undefined
  if (speedup) cells['two threads'] = `${speedup.toFixed(2)} x one`
  return { row: 'scale', load: 'all of them', cells, remarks: [], figures: { flat, speedup } }
}
