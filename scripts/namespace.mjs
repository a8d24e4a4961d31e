import { spawnSync } from 'node:child_process'

// Loopback, and one pair of interfaces so that there is an address besides it: Firefox gathers no loopback candidates, and only the address of
// the default route. Not named veth*, which Maru leaves out as a container's.
const setUp = [
  'ip link set lo up',
  'ip link add lan0 type veth peer name lan1',
  'ip addr add 10.78.80.1/24 dev lan0',
  'ip link set lan0 up',
  'ip link set lan1 up',
  'ip route add default via 10.78.80.2',
  'exec "$@"',
].join(' && ')
const wrap = [
  'unshare',
  '--net',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  'sh',
  '-c',
  setUp,
  'sh',
]

/**
 * A command that runs in a network namespace of its own: it reaches nothing outside, and nothing outside reaches it.
 * Where the system has no namespaces, the command as it is.
 */
export function namespaced(command, args) {
  const [program, ...before] = wrap
  const works = process.platform === 'linux' && spawnSync(program, [...before, 'true']).status === 0
  return works ? [program, [...before, command, ...args]] : [command, args]
}
