// `npm run bench -- tables`: puts the figures of the last runs (`.cache/bench/*.json`) into `docs/performance.md` and `README.md`, between the
// marks `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from './engine/figures.ts'
import type { Machine } from './engine/system.ts'
import { chatTable, engineTable, highlights, machineLine, peerTable } from './tables/markdown.ts'
import { put } from './tables/put.ts'

const root = join(import.meta.dirname, '..')

interface Run {
  machine: Machine
  rows: Row[]
}

function read(name: string): Run | undefined {
  const file = join(root, '.cache/bench', `${name}.json`)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

const engine = read('engine-loopback')
const veth = read('engine-veth')
const peers = read('peers')
const chat = read('chat')
if (engine) put('docs/performance.md', 'engine', `${machineLine(engine.machine)}\n\n${engineTable(engine.rows)}`)
if (veth) put('docs/performance.md', 'veth', `${machineLine(veth.machine)}\n\n${engineTable(veth.rows)}`)
if (peers) put('docs/performance.md', 'peers', `${machineLine(peers.machine)}\n\n${peerTable(peers.rows)}`)
if (chat) put('docs/performance.md', 'chat', `${machineLine(chat.machine)}\n\n${chatTable(chat.rows)}`)
if (engine) put('README.md', 'highlights', highlights(engine.rows, peers?.rows ?? []))
if (!engine && !veth && !peers && !chat) console.log('Nothing was measured yet: npm run bench -- engine --full')
