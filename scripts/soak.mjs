// `npm run soak -- engine [--scenario NAME] [--seed N] [--seeds COUNT] [--seconds S] [--shards M]`: simulated calls, longer than tests may take.
// `npm run soak -- fuzz [TARGET] [--executions N] [--seed S]`: mutated inputs for everything that sees foreign bytes.
// `npm run soak -- chat [--seed N] [--seeds COUNT] [--only drops,away,kills,crowd]`: clients that lose their connection again and again, servers that are killed.
import { spawnSync } from 'node:child_process'
import { cargoEnvironment } from './engine.mjs'
import { node, prepare } from './prepare.mjs'
import { entry, root } from './progress.mjs'

/** Crate, cargo's profile, and what the program is given. The fuzzer wants every check there is. */
const kinds = {
  engine: (options) => ['engine-sim', 'soak', ['--seeds', '20', '--seconds', '60', ...options]],
  fuzz: (options) => [
    'engine-fuzz',
    'release',
    options[0] && !options[0].startsWith('--') ? options : ['all', ...options],
  ],
}

entry(async () => {
  const [kind, ...options] = process.argv.slice(2)
  if (kind === 'chat') {
    await prepare()
    const program = ['packages/server/test/soak-chat.ts', ...options]
    process.exit(spawnSync(node(), program, { cwd: root, stdio: 'inherit' }).status ?? 1)
  }
  const choose = kinds[kind]
  if (!choose) throw new Error(`npm run soak -- chat|${Object.keys(kinds).join('|')} [OPTIONS]`)
  const [crate, profile, given] = choose(options)
  const command = ['run', '--profile', profile, '--locked', '--quiet', '-p', crate, '--', ...given]
  const { status } = spawnSync('cargo', command, { cwd: root, env: cargoEnvironment(), stdio: 'inherit' })
  process.exit(status ?? 1)
})
