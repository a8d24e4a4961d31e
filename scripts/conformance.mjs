// `npm run conformance [-- options]`: unmodified LiveKit clients against Maru, in a network of their own. See CONTRIBUTING.md.
import { spawnSync } from 'node:child_process'
import { findLk, findPython, pythonVersions } from './conformance-clients.mjs'
import { namespaced } from './namespace.mjs'
import { node, prepare } from './prepare.mjs'
import { entry, root } from './progress.mjs'

/** Options of this script; all others are those of `conformance/main.ts`. */
function take(options, name) {
  const at = options.indexOf(name)
  return at < 0 ? undefined : options.splice(at, 2)[1]
}

entry(async () => {
  await prepare()
  const options = process.argv.slice(2)
  const source = take(options, '--lk-source')
  // In that network nothing can be fetched any more.
  if (!options.includes('--short')) {
    const [python, lk] = [await findPython(), await findLk(source)]
    options.push(
      ...(python.file
        ? ['--python', python.file, '--python-versions', pythonVersions]
        : ['--without', `python: ${python}`]),
    )
    options.push(...(lk.file ? ['--lk', lk.file] : ['--without', `lk: ${lk}`]))
  }
  const [command, args] = namespaced(node(), [
    '--disable-warning=ExperimentalWarning',
    'conformance/main.ts',
    ...options,
  ])
  // Without it the native client writes a line for each of its calls.
  const env = { ...process.env, NODE_ENV: 'production' }
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env })
  process.exit(status ?? 1)
})
