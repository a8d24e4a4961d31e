// `npm run bench -- chat [--full] [--only T1,T3]`: what a message costs, how long it takes, and what looking back costs, beside the least that this machine
// allows. With --full the table of `docs/performance.md` is written anew.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { durable } from './chat/durable.ts'
import { fanOut } from './chat/fan-out.ts'
import { growingRate } from './chat/growing-rate.ts'
import { idle } from './chat/idle.ts'
import { lookingBack } from './chat/looking-back.ts'
import { print, type Row } from './engine/figures.ts'
import { machine } from './engine/system.ts'
import { chatTable, machineLine } from './tables/markdown.ts'
import { put } from './tables/put.ts'

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
/** Of the rows that take long, so that all of them together take less than eight minutes. */
const FEW_TURNS = 3
const turns = values.full ? 5 : FEW_TURNS

const list: { row: string; full: boolean; run: () => Promise<Row[]> }[] = [
  ...[100, 1_000, 5_000].map((n) => ({ row: 'T1', full: n > 1_000, run: () => fanOut(n, FEW_TURNS) })),
  { row: 'T2', full: false, run: () => idle(FEW_TURNS) },
  { row: 'T3', full: false, run: () => durable(1_000, turns, values.full ? 6 : 4) },
  { row: 'T3', full: false, run: () => growingRate(FEW_TURNS) },
  { row: 'T4', full: false, run: () => lookingBack(values.full ? 1_000_000 : 100_000, turns) },
]
const wanted = values.only.split(',').filter(Boolean)
const chosen = list.filter(({ row, full }) => (wanted.length === 0 || wanted.includes(row)) && (values.full || !full))

const facts = machine('npm start')
console.log(
  `${facts.processor} x ${facts.cores}, ${facts.memoryGiB} GiB, kernel ${facts.kernel}, Node ${facts.node}, load ${facts.load}; median (min-max) of ${turns} runs, of ${FEW_TURNS} where they take long`,
)
const rows: Row[] = []
const from = performance.now()
for (const { row, run } of chosen) {
  try {
    for (const done of await run()) {
      console.log(print(done))
      rows.push(done)
    }
  } catch (error) {
    console.log(`${row.padEnd(6)} failed: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
const file = join(import.meta.dirname, '../.cache/bench/chat.json')
mkdirSync(join(file, '..'), { recursive: true })
writeFileSync(file, `${JSON.stringify({ machine: facts, rows }, undefined, 2)}\n`)
console.log(`All figures, after ${Math.round((performance.now() - from) / 1_000)} s: ${file}`)
// What was asked for is one table: a part of the rows would take the others' place.
if (values.full && wanted.length === 0 && process.exitCode === undefined)
  put(
    'docs/performance.md',
    'chat',
    `${machineLine(facts)} Medians (min-max) of ${turns} runs, of ${FEW_TURNS} where they take long.\n\n${chatTable(rows)}`,
  )
process.exit()
