// `npm run bench [-- engine|picture|start|chat]`: measures on this machine and prints a table; gates nothing. Ratios are to a floor or a peer in the same run.
import { spawnSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import { cargoEnvironment } from './engine.mjs'
import { node, prepare } from './prepare.mjs'
import { entry, root } from './progress.mjs'

const wanted = process.argv.slice(2)
const parts = ['engine', 'picture', 'start', 'chat'].filter((part) => wanted.length === 0 || wanted.includes(part))

/** The last line of a program's output, which each of ours prints as JSON. */
function json(command, args, env = process.env) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`)
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

const measure = {
  engine() {
    const bench = (...args) =>
      json(
        'cargo',
        ['run', '--release', '--locked', '--quiet', '-p', 'engine-bench', '--', ...args],
        cargoEnvironment(),
      )
    return [
      [
        '10 x 40 audio',
        bench('forward', '--kind', 'audio', '--publishers', '10', '--subscribers', '40', '--seconds', '8'),
      ],
      [
        '1 x 100 video',
        bench('forward', '--kind', 'video', '--publishers', '1', '--subscribers', '100', '--seconds', '8'),
      ],
    ]
  },
  picture: () => Object.entries(json(node(), ['bench/first-picture.ts'])),
  start: () => Object.entries(json(node(), ['bench/start.ts'])),
  chat: () => [['durable messages', json(node(), ['packages/server/test/bench-chat.ts'])]],
}

entry(async () => {
  await prepare()
  const [cpu] = cpus()
  console.log(
    `${cpu?.model ?? 'unknown'} x ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()[0].toFixed(1)}, ${process.platform}`,
  )
  for (const part of parts) {
    for (const [row, figures] of measure[part]()) {
      const cells = Object.entries(figures).filter(([, value]) => !Array.isArray(value))
      console.log(
        `${part.padEnd(8)} ${row.padEnd(18)} ${cells.map(([key, value]) => `${key} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`).join('   ')}`,
      )
    }
  }
})
