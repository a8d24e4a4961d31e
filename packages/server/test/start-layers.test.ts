import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'

const script = join(import.meta.dirname, '../../../scripts/layers.mjs')
const { brokenRules }: { brokenRules(path: string, text: string): string[] } = await import(pathToFileURL(script).href)

it.each([
  ['packages/protocol/src/a.ts', "import { x } from '@maru/client'"],
  ['packages/client/src/a.ts', "import { x } from '../../server/src/main.ts'"],
  ['packages/web/src/a.ts', "export { x } from '@maru/server'"],
  ['packages/web/src/features/chat/a.ts', "import { x } from '../call/Call.tsx'"],
  ['packages/web/src/ui/a.tsx', "const x = import('../features/call/Call.tsx')"],
  ['packages/server/src/http/a.ts', 'const port = process.env.MARU_PORT'],
  ['packages/server/src/main.ts', 'const { env } = process.env'],
  ['packages/server/src/calls/a.ts', "import { x } from '../socket/connection.ts'"],
  ['packages/server/src/storage/a.ts', "import type { x } from '../rooms/presence.ts'"],
  ['packages/server/src/chat/a.ts', "import { x } from '../calls/step.ts'"],
  ['packages/server/src/calls/a.ts', "import type { x } from '../../../../crates/engine-node/index.d.ts'"],
  ['packages/server/src/main.ts', "createRequire(import.meta.url)('./engine.node')"],
])('an arrow that points the wrong way is found: %s %s', (path, text) => {
  expect(brokenRules(path, text)).toHaveLength(1)
})

it.each([
  ['packages/client/src/a.ts', "import { x } from '@maru/protocol'"],
  ['packages/web/src/pages/a.tsx', "import { x } from '../features/call/Call.tsx'"],
  ['packages/web/src/features/call/a.ts', "import { x } from './b.ts'\nimport { y } from '../../ui/Menu.tsx'"],
  ['packages/server/src/config.ts', 'const { env } = process'],
  ['packages/server/src/config.ts', 'process.env'],
  ['packages/server/src/http/a.ts', '// process.env is not for this file'],
  ['packages/server/src/chat/a.ts', "import { x } from '../rooms/presence.ts'"],
  ['packages/server/src/rooms/a.ts', "import type { Log } from '../terminal/log.ts'"],
  ['packages/server/src/media/a.ts', 'createRequire(import.meta.url)(file)'],
  ['packages/server/src/calls/a.test.ts', "import { x } from '../socket/connection.ts'"],
])('one that points the right way is not: %s %s', (path, text) => {
  expect(brokenRules(path, text)).toEqual([])
})
