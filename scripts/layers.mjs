// Which part may know which: the arrows of ARCHITECTURE.md that the linter cannot express. Warns of long files as well.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { root } from './progress.mjs'

/** Packages of ours that a package may import. */
const PACKAGES = {
  protocol: [],
  client: ['protocol'],
  web: ['client', 'protocol'],
  cli: ['client', 'protocol'],
  server: ['protocol'],
}

/** The server from bottom to top; a folder imports its own row or those below it. Files beside main.ts belong to no row. */
const SERVER = [
  ['events', 'storage', 'media'],
  ['accounts', 'rooms', 'chat', 'calls'],
  ['http', 'tls', 'socket', 'livekit', 'rest', 'hooks', 'operator', 'cluster', 'terminal'],
]
/** In the middle row only these arrows exist; the other way is an event. */
const DOMAIN = { chat: ['rooms', 'accounts'], calls: ['rooms'], rooms: ['accounts'], accounts: [] }
/** A type anybody may name: it is the shape of something handed in from above. */
const SHARED = ['packages/server/src/terminal/log.ts']

const LONG = 400

/** The rules that a file of these sources breaks, in words. */
export function brokenRules(path, text) {
  const problems = []
  const [, owner, inside = ''] = /^packages\/(\w+)\/src\/(.*)$/.exec(path) ?? []
  if (!owner || /\.test\.tsx?$/.test(path)) return problems
  for (const name of importsOf(text)) {
    const target = name.startsWith('.') ? join(dirname(path), name).split(sep).join('/') : name
    const reason =
      packageRule(owner, target) ?? (owner === 'server' ? serverRule(inside, target) : webRule(inside, target))
    if (reason) problems.push(`imports ${name}: ${reason}`)
  }
  if (owner === 'server') {
    if (inside !== 'config.ts' && /process\s*\.\s*env\b/.test(code(text)))
      problems.push('reads the environment: only config.ts does')
    if (!inside.startsWith('media/') && /\b(createRequire|require)\(/.test(code(text)))
      problems.push('calls require: only media/ loads the addon')
  }
  return problems
}

function packageRule(owner, target) {
  const other = /^@maru\/(\w+)/.exec(target)?.[1] ?? /^packages\/(\w+)\//.exec(target)?.[1]
  if (!other || other === owner || PACKAGES[owner].includes(other)) return undefined
  return `${owner} may import ${PACKAGES[owner].join(', ') || 'nothing of ours'}`
}

function serverRule(inside, target) {
  const from = inside.split('/')[0]
  if (/engine-node|\.node$/.test(target) && from !== 'media') return 'only media/ imports the addon'
  const to = /^packages\/server\/src\/(\w+)\//.exec(target)?.[1]
  const row = SERVER.findIndex((folders) => folders.includes(from))
  if (row < 0 || !to || to === from || SHARED.includes(target)) return undefined
  if (SERVER.findIndex((folders) => folders.includes(to)) > row)
    return `${from}/ must not know ${to}/, which is above it`
  if (row === 1 && DOMAIN[to] && !DOMAIN[from].includes(to)) return `${from}/ must not know ${to}/: publish an event`
  return undefined
}

function webRule(inside, target) {
  const to = /^packages\/web\/src\/features\/(\w+)/.exec(target)?.[1]
  const [from, feature] = inside.split('/')
  if (!to) return undefined
  if (from === 'ui') return 'ui/ knows no feature'
  return from === 'features' && feature !== to ? 'features do not know each other: pages put them together' : undefined
}

function importsOf(text) {
  const found = code(text).matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g)
  return [...found].map(([, , name]) => name)
}

/** Without comments, where anything may be said. */
function code(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '$1')
}

/** Reads every source, says what is wrong with it, and answers how many rules are broken. */
export function checkLayers() {
  let broken = 0
  const files = ['packages', 'scripts', 'e2e', 'bench', 'conformance'].flatMap((folder) => sourcesBelow(folder)).sort()
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    const lines = text.split('\n').length - 1
    if (lines > LONG) console.error(`warning: ${file} has ${lines} lines; more than ${LONG} are hard to read`)
    for (const problem of brokenRules(file, text)) {
      console.error(`${file} ${problem}`)
      broken += 1
    }
  }
  return broken
}

function sourcesBelow(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((found) => {
    const path = `${folder}/${found.name}`
    if (found.isDirectory()) return ['node_modules', 'dist'].includes(found.name) ? [] : sourcesBelow(path)
    return /\.(tsx?|mjs)$/.test(found.name) ? [path] : []
  })
}
