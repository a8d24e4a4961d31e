// `disk-watch.ts FOLDER`: what the disk takes for a page while something else is measured. Any message of the parent has it tell the slowest since the last one.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const EVERY_MS = 20

const file = openSync(join(process.argv[2] ?? '.', 'watch'), 'w')
const page = Buffer.alloc(4_096, 1)
let slowest = 0
setInterval(() => {
  const from = performance.now()
  writeSync(file, page, 0, page.length, 0)
  fsyncSync(file)
  slowest = Math.max(slowest, performance.now() - from)
}, EVERY_MS)
process.on('message', () => {
  process.send?.(slowest)
  slowest = 0
})
process.on('disconnect', () => {
  closeSync(file)
  process.exit()
})
process.send?.('ready')
