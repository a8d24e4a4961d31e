// `npm run bench -- engine [--full] [--veth] [--turns N] [--only M1,M2] [--sabotage]`: what the engine costs, beside the least that this machine allows.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { delay } from './engine/delay.ts'
import { print, type Row } from './engine/figures.ts'
import { footprint } from './engine/footprint.ts'
import { meeting, rooms, type Setting, twoThreads, video, voice } from './engine/forwarding.ts'
import { loopback, veth } from './engine/place.ts'
import { scale } from './engine/scale.ts'
import { streams } from './engine/streams.ts'
import { machine, machineTime } from './engine/system.ts'
import { viewers } from './engine/viewers.ts'

const root = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    veth: { type: 'boolean', default: false },
    sabotage: { type: 'boolean', default: false },
    turns: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    binary: { type: 'string', default: join(root, 'target/dist/engine-bench') },
    addon: { type: 'string', default: join(root, 'target/dist/engine.node') },
    profile: { type: 'string', default: 'dist' },
  },
})
const wire = values.veth ? veth() : loopback()
if (typeof wire === 'string') {
  console.log(wire)
  process.exit()
}
process.on('exit', wire.remove)
process.once('SIGINT', () => process.exit(130))
const setting: Setting = {
  files: { binary: values.binary, addon: values.addon },
  wire,
  turns: Number(values.turns) || (values.full ? 5 : 3),
  seconds: 2,
  sabotage: values.sabotage,
}

const list: { row: string; full: boolean; run: () => Promise<Row> }[] = [
  ...[40, 400, 1_000].map((n) => ({ row: 'M1', full: n > 40, run: () => voice(setting, n) })),
  ...[100, 1_000, 3_000].map((n) => ({ row: 'M2', full: n > 100, run: () => video(setting, n) })),
  { row: 'M3', full: true, run: () => meeting(setting, 25) },
  { row: 'M4', full: true, run: () => delay(setting, 'voice') },
  { row: 'M4', full: true, run: () => delay(setting, 'video') },
  { row: 'M5', full: true, run: () => viewers(setting) },
  { row: 'TCP', full: false, run: () => streams(setting) },
  { row: 'F1', full: false, run: () => footprint(setting) },
  // With M2's, which are of one thread as well.
  { row: 'scale', full: false, run: () => video(setting, 10, 'scale') },
  { row: 'scale', full: false, run: () => video(setting, 300, 'scale') },
  { row: 'scale', full: true, run: () => twoThreads(setting, 1_000) },
  ...[10, 100, 1_000, 3_000].map((n) => ({ row: 'scale', full: true, run: () => rooms(setting, n) })),
]
const wanted = values.only.split(',').filter(Boolean)
const chosen = list.filter(({ row, full }) => (wanted.length > 0 ? wanted.includes(row) : values.full || !full))

const facts = machine(values.profile)
console.log(
  `${facts.processor} x ${facts.cores}, ${facts.memoryGiB} GiB, kernel ${facts.kernel}, load ${facts.load}, profile ${facts.profile}, ${wire.name}; median (min-max) of ${setting.turns} runs`,
)
const rows: Row[] = []
for (const { row, run } of chosen) {
  try {
    const before = machineTime()
    const done = await run()
    const after = machineTime()
    const idle = (after.idle - before.idle) / (after.all - before.all)
    if (idle < 0.05) done.remarks.push('the machine had no idle time: delays and ends of ramps are those of a crowd')
    console.log(print(done))
    rows.push(done)
  } catch (error) {
    console.log(`${row.padEnd(6)} failed: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
const together = scale(rows)
if (together) {
  console.log(print(together))
  rows.push(together)
}
const file = join(root, '.cache/bench', `engine-${wire.name}${values.sabotage ? '-sabotage' : ''}.json`)
mkdirSync(join(root, '.cache/bench'), { recursive: true })
writeFileSync(file, `${JSON.stringify({ machine: facts, rows }, undefined, 2)}\n`)
console.log(`All figures: ${file}`)
