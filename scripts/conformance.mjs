// `npm run conformance [-- options]`: unmodified LiveKit clients against Maru, in a network of their own. See CONTRIBUTING.md.
import { spawnSync } from 'node:child_process'
import { findLk, findPython, pythonVersions } from './conformance-clients.mjs'
import { namespaced } from './namespace.mjs'
import { node, prepare } from './prepare.mjs'
import { entry, root, run, Stop, step } from './progress.mjs'

/** Options of this script; all others are those of `conformance/main.ts`. */
function take(options, name) {
  const at = options.indexOf(name)
  return at < 0 ? undefined : options.splice(at, 2)[1]
}

/** Where the real server is. */
async function findPeer() {
  let file = ''
  await step('livekit-server (with Go some minutes the first time)', async () => {
    const output = await run(node(), ['--disable-warning=ExperimentalWarning', 'conformance/find-peer.ts'])
    file = output.trim().split('\n').at(-1)
  }).catch(({ output }) => {
    throw new Stop(output.trim())
  })
  return file
}

entry(async () => {
  await prepare()
  const options = process.argv.slice(2)
  const source = take(options, '--lk-source')
  // In that network nothing can be fetched any more.
  const peer = options.includes('--peer') ? { LIVEKIT_SERVER: await findPeer() } : {}
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
  const env = { ...process.env, NODE_ENV: 'production', ...peer }
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env })
  process.exit(status ?? 1)
})
