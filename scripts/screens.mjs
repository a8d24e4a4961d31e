// `npm run screens [-- --all]`: takes the pictures of docs/screens anew, from the built server in a real browser; with `--all` of every state.
import { spawnSync } from 'node:child_process'
import { namespaced } from './namespace.mjs'
import { node, prepare } from './prepare.mjs'
import { at, entry, root } from './progress.mjs'

entry(async () => {
  await prepare()
  const [command, args] = namespaced(node(), [at('e2e/screens.ts'), ...process.argv.slice(2)])
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  process.exit(status ?? 1)
})
