/**
 * The LiveKit API keys and their secrets: as configured, from a key file that may change while the server runs, or one pair made at the
 * first start and kept in the data folder for its owner alone.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'

export interface ApiKey {
  readonly apiKey: string
  readonly apiSecret: string
}

export interface ApiKeys {
  /** What this server signs with itself. */
  signing(): ApiKey
  /** Undefined for a key that is not one of ours, or not any more. */
  secretOf(apiKey: string): string | undefined
}

const MIN_SECRET_LENGTH = 32

/** Keys that stay. The first one signs. */
export function fixedKeys(first: ApiKey, ...others: ApiKey[]): ApiKeys {
  const secrets = new Map([first, ...others].map(({ apiKey, apiSecret }) => [apiKey, apiSecret]))
  return { signing: () => first, secretOf: (apiKey) => secrets.get(apiKey) }
}

/** @throws when the file is there and does not hold a pair: making a new one would end every token that is in use. */
export function readApiKeys(file: string, configured: ApiKey | undefined): ApiKeys {
  if (configured) return fixedKeys(configured)
  if (existsSync(file)) return fixedKeys(parseJson(readFileSync(file, 'utf8'), file))
  const key = makeKey()
  writeForOwner(file, `${JSON.stringify(key, undefined, 2)}\n`)
  return fixedKeys(key)
}

export function makeKey(): ApiKey {
  return { apiKey: `API${randomBytes(9).toString('hex')}`, apiSecret: randomBytes(32).toString('base64url') }
}

/** Readable for whoever runs the server, and nobody else on the machine. */
export function writeForOwner(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
}

/** One more key that is good beside the others, and signs nothing of the server's own. */
export function withKey(keys: ApiKeys, { apiKey, apiSecret }: ApiKey): ApiKeys {
  return { ...keys, secretOf: (asked) => (asked === apiKey ? apiSecret : keys.secretOf(asked)) }
}

function parseJson(text: string, file: string): ApiKey {
  const keys = readJson(text)
  if (
    typeof keys?.apiKey !== 'string' ||
    typeof keys.apiSecret !== 'string' ||
    keys.apiSecret.length < MIN_SECRET_LENGTH
  )
    throw new Error(
      `${file} does not hold an apiKey and an apiSecret of at least 32 characters. Repair it, or move it away to have a new pair made.`,
    )
  return Object.freeze({ apiKey: keys.apiKey, apiSecret: keys.apiSecret })
}

function readJson(text: string): Partial<Record<keyof ApiKey, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** A changed key file is noticed after this long at the latest, by the next who shows or needs a token. */
const LOOK_AGAIN_MS = 1_000

/**
 * The keys of a file with a line `key: secret` for each, as LiveKit's servers read it. The first one signs. Changing the file changes the keys:
 * put the new key on top, have everybody use it, take the old one away. A file that cannot be read any more changes nothing and is complained of.
 * @throws when it cannot be read at the start
 */
export function watchKeyFile(file: string, now: () => number, complain: (problem: string) => void): ApiKeys {
  let seen = stampOf(file)
  let keys = parseLines(file)
  let lookAt = now() + LOOK_AGAIN_MS

  function current(): ApiKeys {
    if (now() < lookAt) return keys
    lookAt = now() + LOOK_AGAIN_MS
    try {
      const stamp = stampOf(file)
      if (stamp === seen) return keys
      seen = stamp
      keys = parseLines(file)
    } catch (error) {
      complain(`${error instanceof Error ? error.message : error} The keys stay as they were.`)
    }
    return keys
  }

  return { signing: () => current().signing(), secretOf: (apiKey) => current().secretOf(apiKey) }
}

function stampOf(file: string): string {
  const { ino, mtimeMs, size } = statSync(file)
  return `${ino} ${mtimeMs} ${size}`
}

function parseLines(file: string): ApiKeys {
  if (process.platform !== 'win32' && statSync(file).mode & 0o007)
    throw new Error(`${file} may be read by everybody on this machine; let only its owner: chmod 600.`)
  const pairs: ApiKey[] = []
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue
    const [, apiKey, quoted, plain] = /^\s*([\w.-]{1,64})\s*:\s+(?:"([^"]*)"|(\S+))\s*(?:#.*)?$/.exec(line) ?? []
    const apiSecret = quoted ?? plain ?? ''
    // The line itself may hold a secret and is not repeated.
    if (!apiKey || apiSecret.length < MIN_SECRET_LENGTH)
      throw new Error(`Line ${index + 1} of ${file} is not "key: secret" with a secret of at least 32 characters.`)
    if (pairs.some((pair) => pair.apiKey === apiKey))
      throw new Error(`Line ${index + 1} of ${file} names a key a second time.`)
    pairs.push(Object.freeze({ apiKey, apiSecret }))
  }
  const [first, ...others] = pairs
  if (!first) throw new Error(`${file} holds no key.`)
  return fixedKeys(first, ...others)
}
