// `npm run maru -- COMMAND`: backup, restore, export and the like. Needs no Rust and builds nothing.
import { spawnSync } from 'node:child_process'
import { node, packages } from './prepare.mjs'
import { at, entry } from './progress.mjs'

entry(async () => {
  await packages()
  const done = spawnSync(node(), [at('packages/server/src/operator/main.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    cwd: process.env.INIT_CWD ?? process.cwd(),
  })
  process.exit(done.status ?? 1)
})
