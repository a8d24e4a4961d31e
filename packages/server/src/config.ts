/**
 * Everything that can be set, read once at the start from the command line and the environment; nothing else reads either.
 * The command line wins. Whatever is unknown or malformed is named, all of it at once, and nothing starts.
 */
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LOG_LEVELS, type LogLevel } from './terminal/log.ts'

export interface Config {
  /** TCP and UDP; 0 takes any free one. */
  readonly port: number
  /** The IP address to listen on; every address of this machine when absent. */
  readonly host?: string
  /** An IP address people reach this machine at that none of its interfaces has. */
  readonly address?: string
  readonly data: string
  /** The address of a PostgreSQL database; a file in the data folder when absent. */
  readonly database?: string
  /** Threads that carry media. */
  readonly threads: number
  /** Both or neither: without them a pair is made at the first start and kept in the data folder. */
  readonly keys?: { readonly apiKey: string; readonly apiSecret: string }
  /** Several keys, in a file that may change; instead of `keys`. */
  readonly keyFile?: string
  /** Addresses that are told what happens in calls. */
  readonly webhooks: readonly string[]
  /** Whether programs with the API key can unmute what somebody has muted. */
  readonly remoteUnmute: boolean
  /** The largest file and all files together, in bytes. */
  readonly fileBytes: number
  readonly totalBytes: number
  readonly logLevel: LogLevel
  readonly language: 'en' | 'ko'
  /** npm's shell does not pass signals on: then the server watches whether its parent is still there. */
  readonly underNpm: boolean
}

export type ConfigResult =
  | { kind: 'config'; config: Config }
  | { kind: 'help'; text: string }
  | { kind: 'problems'; problems: string[] }

interface Option {
  value: string
  help: string
  example: string
  /** What is wrong with a text, or nothing. */
  check(text: string): string | undefined
}

const OPTIONS: Record<string, Option> = {
  port: {
    value: 'NUMBER',
    help: 'TCP and UDP port (default 7880)',
    example: '7880',
    check: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? undefined : 'is not a port from 0 to 65535'),
  },
  host: {
    value: 'IP',
    help: 'listen on this address of the machine only (default: on all)',
    example: '127.0.0.1',
    check: notAnAddress,
  },
  address: {
    value: 'IP',
    help: 'an address people reach this machine at, behind NAT or in a container',
    example: '203.0.113.7',
    check: (text) =>
      isIP(text) && /^(0\.0\.0\.0|::)$/.test(text) ? 'is not an address others can reach' : notAnAddress(text),
  },
  data: {
    value: 'FOLDER',
    help: 'where messages, keys and certificates are kept (default maru-data in the project folder)',
    example: './maru-data',
    check: (text) => (text.includes('\0') ? 'is not a path' : undefined),
  },
  database: {
    value: 'URL',
    help: 'keep messages in this PostgreSQL database (default: a file in the data folder)',
    example: 'postgres://maru:PASSWORD@localhost/maru',
    check: (text) =>
      /^postgres(ql)?:\/\//.test(text) && URL.canParse(text)
        ? undefined
        : 'is not the address of a PostgreSQL database',
  },
  threads: {
    value: 'NUMBER',
    help: 'threads that carry media (default: one for each processor core, at most 16)',
    example: '2',
    check: (text) => (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 32 ? undefined : 'is not 1 to 32'),
  },
  'file-mb': {
    value: 'NUMBER',
    help: 'the largest file people may send, in megabytes (default 100)',
    example: '100',
    check: notACount,
  },
  'files-mb': {
    value: 'NUMBER',
    help: 'all files together, in megabytes (default 10000)',
    example: '10000',
    check: notACount,
  },
  'api-key': {
    value: 'KEY',
    help: 'LiveKit API key (default: made at the first start)',
    example: 'maru',
    check: (text) => (/^[\w.-]{1,64}$/.test(text) ? undefined : 'may only hold 1 to 64 letters, digits, dots, - and _'),
  },
  'api-secret': {
    value: 'SECRET',
    help: 'its secret, at least 32 characters',
    example: 'a random text of 32 or more characters',
    check: (text) => (text.length >= 32 ? undefined : 'is too short: it needs at least 32 characters'),
  },
  'key-file': {
    value: 'FILE',
    help: 'several API keys, a line "key: secret" for each; may be changed while the server runs',
    example: './keys.yaml',
    check: (text) => (text.includes('\0') ? 'is not a path' : undefined),
  },
  webhook: {
    value: 'URL',
    help: 'is told what happens in calls; several separated by commas',
    example: 'https://app.example.org/livekit',
    check: (text) => (text.split(',').every(isWebAddress) ? undefined : 'is not an address with http or https'),
  },
  'remote-unmute': {
    value: 'yes|no',
    help: 'whether programs may unmute tracks of others (default no)',
    example: 'yes',
    check: (text) => (/^(yes|no)$/.test(text) ? undefined : 'is neither yes nor no'),
  },
}

/** More would rather take turns with the rest of the process than carry more; who measures it may set more. */
const MOST_THREADS = 16

/** Named in messages without its text, which may end up in a log or a bug report. */
const SECRETS = ['api-secret', 'database']

export function readConfig(
  places: { data: string; cwd: string; cores: number },
  argv: readonly string[] = process.argv.slice(2),
  env: Readonly<Record<string, string | undefined>> = process.env,
): ConfigResult {
  const problems: string[] = []
  const given = { ...fromEnvironment(env, problems), ...fromCommandLine(argv, problems) }
  if ('help' in given) return { kind: 'help', text: helpText(places.data) }

  for (const [name, option] of Object.entries(OPTIONS)) {
    const setting = given[name]
    const wrong = setting && option.check(setting.text)
    if (!setting || !wrong) continue
    const shown = SECRETS.includes(name) ? '' : ` ${JSON.stringify(setting.text)}`
    problems.push(`${setting.source}${shown} ${wrong}. For example: ${exampleOf(setting.source, option)}`)
  }
  const [key, secret] = [given['api-key'], given['api-secret']]
  if (Boolean(key) !== Boolean(secret)) {
    const [is, missing] = key ? [key, '--api-secret'] : [secret, '--api-key']
    problems.push(`${is?.source} is set alone. Set ${missing} as well, or neither: then a pair is made and kept.`)
  }
  const keyFile = given['key-file']
  if (keyFile && (key ?? secret))
    problems.push(
      `${keyFile.source} and ${(key ?? secret)?.source} are set. Use one of them; a key file holds many keys.`,
    )
  const logLevel = env.MARU_LOG || 'warn'
  if (!isLogLevel(logLevel))
    problems.push(`MARU_LOG ${JSON.stringify(logLevel)} is not a log level. Use one of ${LOG_LEVELS.join(', ')}.`)
  if (problems.length > 0 || !isLogLevel(logLevel)) return { kind: 'problems', problems }

  return {
    kind: 'config',
    config: Object.freeze({
      port: Number(given.port?.text ?? 7880),
      ...(given.host && { host: given.host.text }),
      ...(given.address && { address: given.address.text }),
      data: resolve(env.INIT_CWD ?? places.cwd, given.data?.text ?? places.data),
      ...(given.database && { database: given.database.text }),
      threads: Number(given.threads?.text ?? Math.min(places.cores, MOST_THREADS)),
      ...(keyFile && { keyFile: resolve(env.INIT_CWD ?? places.cwd, keyFile.text) }),
      webhooks: Object.freeze(given.webhook?.text.split(',') ?? []),
      remoteUnmute: given['remote-unmute']?.text === 'yes',
      fileBytes: Number(given['file-mb']?.text ?? 100) * 1_000_000,
      totalBytes: Number(given['files-mb']?.text ?? 10_000) * 1_000_000,
      ...(key && secret && { keys: Object.freeze({ apiKey: key.text, apiSecret: secret.text }) }),
      logLevel,
      language: /^ko\b|^ko_/i.test(env.LC_ALL || env.LC_MESSAGES || env.LANG || '') ? 'ko' : 'en',
      underNpm: env.npm_lifecycle_event !== undefined,
    } satisfies Config),
  }
}

interface Setting {
  text: string
  /** How the person wrote it: `--port` or `MARU_PORT`. */
  source: string
}

/** An empty variable counts as none: compose files pass on what is not set that way. */
function fromEnvironment(env: Readonly<Record<string, string | undefined>>, problems: string[]) {
  const given: Record<string, Setting> = {}
  for (const [source, text] of Object.entries(env)) {
    if (!source.startsWith('MARU_') || source === 'MARU_LOG' || !text) continue
    const name = source.slice('MARU_'.length).toLowerCase().replaceAll('_', '-')
    if (Object.hasOwn(OPTIONS, name)) given[name] = { text, source }
    else problems.push(`${source} is not a setting of Maru. Known are ${known('MARU_')} and MARU_LOG.`)
  }
  return given
}

function fromCommandLine(argv: readonly string[], problems: string[]) {
  const given: Record<string, Setting> = {}
  const options = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' as const }]))
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    tokens: true,
  })
  let named = -2 // the last option that was complained about; the word behind it is its value, not another mistake
  for (const token of tokens) {
    if (token.kind === 'positional' && token.index !== named + 1)
      problems.push(`${JSON.stringify(token.value)} is not an option. Options start with --; see --help.`)
    if (token.kind !== 'option') continue
    const { name, rawName: source, value } = token
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined
    const missing = !value || (!token.inlineValue && value.startsWith('-'))
    if (name !== 'help' && (!option || missing)) named = missing && value ? token.index + 1 : token.index
    if (name === 'help') given.help = { text: '', source }
    else if (!option) problems.push(`${source} is not an option of Maru. Known are ${known('--')} and --help.`)
    else if (missing) problems.push(`${source} needs a value. For example: ${exampleOf(source, option)}`)
    else given[name] = { text: value, source }
  }
  return given
}

function exampleOf(source: string, { example }: Option): string {
  return source.startsWith('--') ? `${source} ${example}` : `${source}=${example}`
}

function known(prefix: '--' | 'MARU_'): string {
  const names = Object.keys(OPTIONS).map((name) => (prefix === '--' ? name : name.toUpperCase().replaceAll('-', '_')))
  return names.map((name) => prefix + name).join(', ')
}

function notACount(text: string): string | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? undefined : 'is not a number from 1 to 999999999'
}

function isWebAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '')
}

function notAnAddress(text: string): string | undefined {
  if (!isIP(text)) return 'is not an IP address'
  // Neither a certificate nor a candidate can name an interface.
  return text.includes('%') ? 'belongs to one interface only' : undefined
}

function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text)
}

function helpText(data: string): string {
  const rows = Object.entries(OPTIONS).map(([name, option]) => [`--${name} ${option.value}`, option.help] as const)
  const width = Math.max(...rows.map(([left]) => left.length))
  const lines = [...rows, ['--help', 'show this'] as const].map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
  return [
    'Maru: text, voice and video for a group, on a machine of your own.',
    '',
    'npm start -- [options]',
    '',
    ...lines,
    '',
    `Each can be set by a variable too, such as MARU_PORT or MARU_API_KEY; the command line wins.`,
    `MARU_LOG=${LOG_LEVELS.join('|')} says more or less. Data is kept in ${data} unless set.`,
  ].join('\n')
}
