/** The LiveKit API key and secret: as configured, or made at the first start and kept in the data folder for its owner alone. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

export interface ApiKeys {
  readonly apiKey: string
  readonly apiSecret: string
}

/** @throws when the file is there and does not hold a pair: making a new one would end every token that is in use. */
export function readApiKeys(file: string, configured: ApiKeys | undefined): ApiKeys {
  if (configured) return configured
  if (existsSync(file)) return parse(readFileSync(file, 'utf8'), file)
  const keys: ApiKeys = {
    apiKey: `API${randomBytes(9).toString('hex')}`,
    apiSecret: randomBytes(32).toString('base64url'),
  }
  writeFileSync(`${file}.new`, `${JSON.stringify(keys, undefined, 2)}\n`, { mode: 0o600 })
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
  return keys
}

function parse(text: string, file: string): ApiKeys {
  const keys = readJson(text)
  if (typeof keys?.apiKey !== 'string' || typeof keys.apiSecret !== 'string' || keys.apiSecret.length < 32)
    throw new Error(
      `${file} does not hold an apiKey and an apiSecret of at least 32 characters. Repair it, or move it away to have a new pair made.`,
    )
  return Object.freeze({ apiKey: keys.apiKey, apiSecret: keys.apiSecret })
}

function readJson(text: string): Partial<Record<keyof ApiKeys, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
