// `npm run join -- ADDRESS`: installs what is missing, then is the terminal client. Needs no Rust and builds nothing.
import { spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { node, packages } from './prepare.mjs'
import { at, entry } from './progress.mjs'

entry(async () => {
  await packages()
  // Files are sent from, and saved to, where npm was called.
  process.chdir(process.env.INIT_CWD ?? '.')
  const main = at('packages/cli/src/main.ts')
  const runtime = node()
  if (runtime === process.execPath) return import(pathToFileURL(main).href)
  const child = spawn(runtime, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  process.on('SIGINT', () => {}) // a terminal sends it to the child as well; the child leaves the room
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => process.exit(code ?? 1))
})
