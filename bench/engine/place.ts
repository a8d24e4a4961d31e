import { spawnSync } from 'node:child_process'

/** Where a program runs: what comes before its name, and the address it has there. */
export interface Place {
  readonly prefix: readonly string[]
  readonly ip: string
}

/** The two ends of the wire that the packets take. */
export interface Wire {
  readonly name: 'loopback' | 'veth'
  readonly server: Place
  readonly clients: Place
  remove(): void
}

export function loopback(): Wire {
  const here = { prefix: [], ip: '127.0.0.1' }
  return { name: 'loopback', server: here, clients: here, remove: () => {} }
}

const names = { server: `maru-bench-s${process.pid}`, clients: `maru-bench-c${process.pid}` }
const ips = { server: '10.78.82.1', clients: '10.78.82.2' }

/** Two network namespaces with a pair of interfaces between them. Answers a sentence where this cannot be. */
export function veth(): Wire | string {
  if (process.platform !== 'linux') return 'The veth form needs Linux.'
  if (process.getuid?.() !== 0) return 'The veth form makes network namespaces, which needs root: skipped.'
  const remove = () => {
    for (const name of Object.values(names)) spawnSync('ip', ['netns', 'del', name])
  }
  const steps = [
    `netns add ${names.server}`,
    `netns add ${names.clients}`,
    `-n ${names.server} link add bench0 type veth peer name bench1 netns ${names.clients}`,
    `-n ${names.server} addr add ${ips.server}/24 dev bench0`,
    `-n ${names.clients} addr add ${ips.clients}/24 dev bench1`,
    `-n ${names.server} link set lo up`,
    `-n ${names.clients} link set lo up`,
    `-n ${names.server} link set bench0 up`,
    `-n ${names.clients} link set bench1 up`,
  ]
  for (const step of steps) {
    const { status, stderr, error } = spawnSync('ip', step.split(' '), { encoding: 'utf8' })
    if (status === 0) continue
    remove()
    return `The veth form is skipped: 'ip ${step}' failed (${(stderr || error?.message || '').trim()}).`
  }
  const place = (end: keyof typeof ips) => ({ prefix: ['ip', 'netns', 'exec', names[end]], ip: ips[end] })
  return { name: 'veth', server: place('server'), clients: place('clients'), remove }
}
