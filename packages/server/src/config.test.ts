import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Config, readConfig } from './config.ts'

const places = { data: '/srv/maru-data', cwd: '/home/ana', cores: 4 }
const read = (argv: string[], env: Record<string, string> = {}) => readConfig(places, argv, env)
const config = (argv: string[], env: Record<string, string> = {}): Config => {
  const result = read(argv, env)
  if (result.kind !== 'config') throw new Error(JSON.stringify(result))
  return result.config
}
const SECRET = 'a-secret-of-more-than-32-characters'

describe('options', () => {
  it('needs none', () => {
    expect(config([])).toEqual({
      port: 7880,
      data: '/srv/maru-data',
      threads: 4,
      fileBytes: 100_000_000,
      webhooks: [],
      remoteUnmute: false,
      totalBytes: 10_000_000_000,
      logLevel: 'warn',
      language: 'en',
      underNpm: false,
    })
  })

  it('come from the command line', () => {
    const argv = ['--port', '9000', '--host=127.0.0.1', '--address', '2001:db8::1', '--data', 'mine']
    expect(config([...argv, '--api-key', 'k', `--api-secret=${SECRET}`])).toMatchObject({
      port: 9000,
      host: '127.0.0.1',
      address: '2001:db8::1',
      data: '/home/ana/mine',
      keys: { apiKey: 'k', apiSecret: SECRET },
    })
  })

  it('come from the environment', () => {
    const env = { MARU_PORT: '9000', MARU_HOST: '::1', MARU_ADDRESS: '203.0.113.7', MARU_DATA: '/d' }
    expect(config([], { ...env, MARU_API_KEY: 'k', MARU_API_SECRET: SECRET })).toMatchObject({
      port: 9000,
      host: '::1',
      address: '203.0.113.7',
      data: '/d',
      keys: { apiKey: 'k', apiSecret: SECRET },
    })
  })

  it('are all in the table of the README, and no others', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
    const rows = readme.split('\n').filter((line) => /^\| `?--|\| `MARU_/.test(line))
    const help = read(['--help'])
    const known =
      help.kind === 'help' ? [...help.text.matchAll(/^ {2}--([\w-]+) [A-Z\w]/gm)].map(([, name]) => name) : []
    expect(rows.flatMap((row) => [...row.matchAll(/`--([\w-]+)`/g)].map(([, name]) => name)).toSorted()).toEqual(
      known.toSorted(),
    )
    const variables = known.map((name) => `MARU_${name?.toUpperCase().replaceAll('-', '_')}`)
    expect(rows.flatMap((row) => row.match(/\bMARU_\w+/g) ?? []).toSorted()).toEqual(
      [...variables, 'MARU_LOG'].toSorted(),
    )
  })

  it('take one thread for each core, up to a limit that can be set', () => {
    expect(readConfig({ ...places, cores: 64 }, [], {})).toMatchObject({ config: { threads: 16 } })
    expect(config(['--threads', '24']).threads).toBe(24)
    expect(config([], { MARU_THREADS: '1' }).threads).toBe(1)
  })

  it('let tracks be unmuted from outside only where that is said', () => {
    expect(config(['--remote-unmute', 'yes']).remoteUnmute).toBe(true)
    expect(config(['--remote-unmute', 'no']).remoteUnmute).toBe(false)
    expect(read(['--remote-unmute', 'maybe'], {})).toMatchObject({ kind: 'problems' })
  })

  it('name a key file and who is told what happens in calls', () => {
    expect(config(['--key-file', 'keys.yaml', '--webhook', 'https://a.example/x,http://10.0.0.1:80/'])).toMatchObject({
      keyFile: '/home/ana/keys.yaml',
      webhooks: ['https://a.example/x', 'http://10.0.0.1:80/'],
    })
  })

  it('on the command line win', () => {
    expect(config(['--port', '1'], { MARU_PORT: '2' }).port).toBe(1)
  })

  it('count as absent when a variable is empty', () => {
    expect(config([], { MARU_PORT: '', MARU_API_KEY: '' })).toMatchObject({ port: 7880 })
  })

  it('name paths from where npm was called', () => {
    expect(config(['--data', 'x'], { INIT_CWD: '/elsewhere' }).data).toBe('/elsewhere/x')
  })

  it('speak Korean where the system does', () => {
    expect(config([], { LANG: 'ko_KR.UTF-8' }).language).toBe('ko')
    expect(config([], { LANG: 'ko_KR.UTF-8', LC_ALL: 'C' }).language).toBe('en')
  })

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(config([]))).toBe(true)
  })
})

describe('help', () => {
  it('names every option', () => {
    const result = read(['--help', '--port', 'x'])
    if (result.kind !== 'help') throw new Error('no help')
    for (const name of ['--port', '--host', '--address', '--data', '--threads', '--api-key', '--api-secret', '--help'])
      expect(result.text).toContain(name)
  })
})

describe('what is wrong is named, with what to do', () => {
  const known =
    '--port, --host, --address, --data, --database, --threads, --file-mb, --files-mb, --api-key, --api-secret, --key-file, --webhook, --remote-unmute and --help.'
  const variables =
    'MARU_PORT, MARU_HOST, MARU_ADDRESS, MARU_DATA, MARU_DATABASE, MARU_THREADS, MARU_FILE_MB, MARU_FILES_MB, MARU_API_KEY, MARU_API_SECRET, MARU_KEY_FILE, MARU_WEBHOOK, MARU_REMOTE_UNMUTE and MARU_LOG.'
  it.each<[string[], Record<string, string>, string]>([
    [['--port', 'abc'], {}, '--port "abc" is not a port from 0 to 65535. For example: --port 7880'],
    [['--port', '65536'], {}, '--port "65536" is not a port from 0 to 65535. For example: --port 7880'],
    [['--port', '80.5'], {}, '--port "80.5" is not a port from 0 to 65535. For example: --port 7880'],
    [['--port=-1'], {}, '--port "-1" is not a port from 0 to 65535. For example: --port 7880'],
    [['--port'], {}, '--port needs a value. For example: --port 7880'],
    [['--port', '--host', '::'], {}, '--port needs a value. For example: --port 7880'],
    [['--port='], {}, '--port needs a value. For example: --port 7880'],
    [['--prot', '80'], {}, `--prot is not an option of Maru. Known are ${known}`],
    [['-p', '80'], {}, `-p is not an option of Maru. Known are ${known}`],
    [['--no-port'], {}, `--no-port is not an option of Maru. Known are ${known}`],
    [['7880'], {}, '"7880" is not an option. Options start with --; see --help.'],
    [['--host', 'example.org'], {}, '--host "example.org" is not an IP address. For example: --host 127.0.0.1'],
    [
      ['--host', 'fe80::1%eth0'],
      {},
      '--host "fe80::1%eth0" belongs to one interface only. For example: --host 127.0.0.1',
    ],
    [['--constructor', '1'], {}, `--constructor is not an option of Maru. Known are ${known}`],
    [[], { MARU_CONSTRUCTOR: '1' }, `MARU_CONSTRUCTOR is not a setting of Maru. Known are ${variables}`],
    [['--host', '10.0.0'], {}, '--host "10.0.0" is not an IP address. For example: --host 127.0.0.1'],
    [['--address', 'home'], {}, '--address "home" is not an IP address. For example: --address 203.0.113.7'],
    [
      ['--address', '0.0.0.0'],
      {},
      '--address "0.0.0.0" is not an address others can reach. For example: --address 203.0.113.7',
    ],
    [['--data', 'a\0b'], {}, '--data "a\\u0000b" is not a path. For example: --data ./maru-data'],
    [['--data', ''], {}, '--data needs a value. For example: --data ./maru-data'],
    [
      ['--database', 'mysql://maru:secret@here/maru'],
      {},
      '--database is not the address of a PostgreSQL database. For example: --database postgres://maru:PASSWORD@localhost/maru',
    ],
    [['--threads', '0'], {}, '--threads "0" is not 1 to 32. For example: --threads 2'],
    [['--threads', '33'], {}, '--threads "33" is not 1 to 32. For example: --threads 2'],
    [
      ['--api-key', 'k'],
      {},
      '--api-key is set alone. Set --api-secret as well, or neither: then a pair is made and kept.',
    ],
    [
      ['--api-key', 'k', '--api-secret', SECRET],
      { MARU_KEY_FILE: 'keys' },
      'MARU_KEY_FILE and --api-key are set. Use one of them; a key file holds many keys.',
    ],
    [
      ['--webhook', 'https://a.example,ftp://b.example'],
      {},
      '--webhook "https://a.example,ftp://b.example" is not an address with http or https. For example: --webhook https://app.example.org/livekit',
    ],
    [
      [],
      { MARU_API_SECRET: SECRET },
      'MARU_API_SECRET is set alone. Set --api-key as well, or neither: then a pair is made and kept.',
    ],
    [
      ['--api-key', 'k', '--api-secret', 'short'],
      {},
      '--api-secret is too short: it needs at least 32 characters. For example: --api-secret a random text of 32 or more characters',
    ],
    [
      ['--api-key', 'a b', '--api-secret', SECRET],
      {},
      '--api-key "a b" may only hold 1 to 64 letters, digits, dots, - and _. For example: --api-key maru',
    ],
    [[], { MARU_PORT: 'x' }, 'MARU_PORT "x" is not a port from 0 to 65535. For example: MARU_PORT=7880'],
    [[], { MARU_PROT: '80' }, `MARU_PROT is not a setting of Maru. Known are ${variables}`],
    [[], { MARU_LOG: 'loud' }, 'MARU_LOG "loud" is not a log level. Use one of debug, info, warn, error.'],
  ])('%j %j', (argv, env, message) => {
    expect(read(argv, env)).toEqual({ kind: 'problems', problems: [message] })
  })

  it('all at once', () => {
    const result = read(['--port', 'x', '--foo'], { MARU_HOST: 'y' })
    expect(result.kind === 'problems' && result.problems).toHaveLength(3)
  })

  it('never with the secret itself', () => {
    expect(JSON.stringify(read(['--api-key', 'k', '--api-secret', 'hunter2']))).not.toContain('hunter2')
  })
})
