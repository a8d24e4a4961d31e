// `npm run conformance [-- options]`: unmodified LiveKit clients against Maru, in a network of their own. See CONTRIBUTING.md.
import { spawnSync } from 'node:child_process'
import { namespaced } from './namespace.mjs'
import { node, prepare } from './prepare.mjs'
import { entry, root } from './progress.mjs'

entry(async () => {
  await prepare()
  const [command, args] = namespaced(node(), ['conformance/main.ts', ...process.argv.slice(2)])
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  process.exit(status ?? 1)
})
