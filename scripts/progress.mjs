// What the scripts have in common: steps with their time, commands whose output only matters when they fail, one clear
// message at the end of what went wrong. Imports Node's own modules only: it runs before anything is installed.
import { spawn } from 'node:child_process'
import { readdirSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')
export const windows = process.platform === 'win32'
export const at = (...parts) => join(root, ...parts)

/** A reason to stop that a person can act on: printed without a stack. */
export class Stop extends Error {}

/** Runs `main` and turns a Stop into one clear message. */
export function entry(main) {
  main().catch((error) => {
    console.error(error instanceof Stop ? `\n${error.message}\n` : error)
    process.exit(1)
  })
}

/** Newest modification time below some paths, folders included since that is where a deletion shows; 0 where nothing is. */
function newest(paths) {
  let time = 0
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) continue
    time = Math.max(time, stat.mtimeMs)
    if (!stat.isDirectory()) continue
    const inside = readdirSync(path).filter((name) => !/\.test\.tsx?$/.test(name))
    time = Math.max(time, newest(inside.map((name) => join(path, name))))
  }
  return time
}

/** As make does it: whether a file is missing or older than what it is made from. */
export function isOutdated(output, inputs) {
  return newest([output]) < newest(inputs.map((path) => at(path)))
}

/** Dates an output to when its making began, so that what was edited meanwhile counts as newer. */
export function madeAt(output, from) {
  utimesSync(output, new Date(from), new Date(from))
}

// One line that tells what goes on: rewritten on a terminal, printed once elsewhere.
const running = new Map()
let ticker

function show() {
  const line = [...running].map(([name, from]) => `${name} ${Math.round((Date.now() - from) / 1000)} s`).join('   ')
  process.stderr.write(`\r\x1b[2K  ${line}`)
}

/** Does `work`, which is handed the time of its beginning and may answer a remark for the closing line. */
export async function step(name, work) {
  const from = Date.now()
  running.set(name, from)
  if (process.stderr.isTTY) ticker ??= setInterval(show, 250)
  else console.error(`  ${name} ...`)
  let remark
  try {
    remark = await work(from)
  } finally {
    running.delete(name)
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
    if (running.size === 0) {
      clearInterval(ticker)
      ticker = undefined
    }
  }
  console.error(`  ${name}: done in ${((Date.now() - from) / 1000).toFixed(1)} s${remark ? `, ${remark}` : ''}`)
}

/** Runs a command quietly. Rejects with an Error whose `output` is the end of what the command said. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        output = (output + data).slice(-200_000)
      })
    child.on('error', (error) => reject(Object.assign(error, { output: error.message })))
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(Object.assign(new Error(output), { output }))))
  })
}

/** What is behind the failure of an installation or a build, where it is one of the usual things; otherwise the output. */
export function reasonOf(output) {
  if (/ENOSPC|No space left on device/i.test(output))
    return 'The disk is full: make room and run the same command again.'
  if (/EACCES|EPERM|EROFS|Permission denied|Read-only file system/i.test(output))
    return `The folder ${root} is not writable for this user. Run it as the one who owns the folder, or clone it somewhere else.`
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|Could not resolve host|failed to download|spurious network/i.test(
      output,
    )
  )
    return 'Something could not be fetched: is this machine online? Only the first start needs it.'
  return ''
}
