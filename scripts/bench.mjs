// `npm run bench [-- engine|peers|picture|start|chat|tables] [options]`: measures on this machine and prints tables; gates nothing. Ratios are to a floor
// or a peer in the same run. `docs/performance.md` says how; `engine --full` takes all rows, `engine --veth` a wire between two namespaces.
import { spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { cargoEnvironment } from './engine.mjs'
import { node, prepare } from './prepare.mjs'
import { at, entry, root, run, Stop, step } from './progress.mjs'

const known = ['engine', 'peers', 'picture', 'start', 'chat', 'tables']
const given = process.argv.slice(2)
const options = given.filter((word) => !known.includes(word))
const wanted = given.filter((word) => known.includes(word))
const parts = wanted.length > 0 ? wanted : known.filter((part) => part !== 'peers' && part !== 'tables')

/** A program that prints its own table as it goes. */
function table(file) {
  const { status } = spawnSync(node(), [file, ...options], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) process.exitCode = 1
}

/** The last line of a program's output, which each of these prints as JSON. */
function figures(part, file, rows) {
  const { status, stdout } = spawnSync(node(), [file], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Stop(`${file} ended with ${status}`)
  for (const [row, values] of rows(JSON.parse(stdout.trim().split('\n').at(-1)))) {
    const cells = Object.entries(values).filter(([, value]) => !Array.isArray(value))
    const shown = cells.map(([key, value]) => `${key} ${show(value)}`)
    console.log(`${part.padEnd(8)} ${row.padEnd(18)} ${shown.join('   ')}`)
  }
}

function show(value) {
  if (typeof value === 'number') return Number(value.toPrecision(4))
  return typeof value === 'object' ? JSON.stringify(value) : value
}

/** What is measured is built as it is published: without the checks of the tests' profile. */
async function buildForSpeed() {
  const env = cargoEnvironment()
  await step('engine and clients as published (Rust, some minutes the first time)', async () => {
    const args = ['build', '--profile', 'dist', '--locked', '-p', 'engine-node', '-p', 'engine-bench']
    await run('cargo', args, { env }).catch(({ output }) => {
      throw new Stop(`The engine did not build.\n${output.trim().slice(-8_000)}`)
    })
    copyFileSync(at('target/dist/libengine_node.so'), at('target/dist/engine.node'))
  })
}

const measure = {
  tables: () => table('bench/tables.ts'),
  engine: () => table('bench/engine.ts'),
  peers: () => table('bench/peers.ts'),
  picture: () => figures('picture', 'bench/first-picture.ts', Object.entries),
  start: () => figures('start', 'bench/start.ts', Object.entries),
  chat: () => {
    table('bench/chat.ts')
    figures('chat', 'bench/chat/storing.ts', (all) => [['durable messages', all]])
  },
}

entry(async () => {
  await prepare()
  if (parts.some((part) => part === 'engine' || part === 'peers')) {
    if (process.platform !== 'linux') throw new Stop("The engine's rows are measured with system calls of Linux.")
    await buildForSpeed()
  }
  const [cpu] = cpus()
  console.log(
    `${cpu?.model ?? 'unknown'} x ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()[0].toFixed(1)}, ${process.platform}`,
  )
  for (const part of parts) measure[part]()
})
