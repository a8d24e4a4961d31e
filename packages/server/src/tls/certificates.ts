/**
 * Keeps this machine's certificates in a folder only its owner can read, and renews them: the one for the machine when
 * it got an address that is not in it, and any that is damaged or near its end. People may have told their devices to
 * trust the authority, so that one is kept as long as it lasts.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyPair, Names } from './authority.ts'

const RENEW_BEFORE_MS = 30 * 86_400_000

export interface Certificates {
  /** What the server shows: the machine's certificate followed by the authority's. */
  key: string
  cert: string
  /** For people to install: the authority's certificate, PEM. */
  authority: string
  /** Something had to be made just now. */
  renewed: boolean
}

export async function readCertificates({
  folder,
  names,
  hostname,
  now,
}: {
  folder: string
  names: Names
  hostname: string
  now: Date
}): Promise<Certificates> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = { authority: join(folder, 'authority.pem'), leaf: join(folder, 'machine.pem') }
  let renewed = false
  let authority = readPair(files.authority)
  if (!authority || !lasts(authority, now)) {
    const { makeAuthority } = await import('./authority.ts')
    authority = await makeAuthority({ hostname, now })
    writePair(files.authority, authority)
    renewed = true
  }
  let leaf = renewed ? undefined : readPair(files.leaf)
  if (!leaf || !lasts(leaf, now) || !isSignedBy(leaf, authority) || !holds(leaf, names)) {
    const { makeLeaf } = await import('./authority.ts')
    leaf = await makeLeaf(authority, { names, now })
    writePair(files.leaf, leaf)
    renewed = true
  }
  return {
    key: leaf.key,
    cert: `${leaf.certificate}\n${authority.certificate}\n`,
    authority: `${authority.certificate}\n`,
    renewed,
  }
}

/** Key and certificate share one file, so that a crash can never leave two that do not belong together. */
function writePair(file: string, { key, certificate }: KeyPair): void {
  writeFileSync(`${file}.new`, `${key}\n${certificate}\n`, { mode: 0o600 })
  chmodSync(`${file}.new`, 0o600) // the mode above does not hold for a file left over
  renameSync(`${file}.new`, file)
}

function readPair(file: string): KeyPair | undefined {
  if (!existsSync(file)) return undefined
  const blocks = readFileSync(file, 'utf8').match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? []
  const key = blocks.find((block) => block.includes('PRIVATE KEY'))
  const certificate = blocks.find((block) => block.includes('CERTIFICATE'))
  return key && certificate && belong(key, certificate) ? { key, certificate } : undefined
}

/** A damaged key would let TLS fail with the first visitor. */
function belong(key: string, certificate: string): boolean {
  try {
    return parse(certificate)?.checkPrivateKey(createPrivateKey(key)) ?? false
  } catch {
    return false
  }
}

function parse(certificate: string): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate)
  } catch {
    return undefined // a damaged file is as good as none
  }
}

function lasts({ certificate }: KeyPair, now: Date): boolean {
  const parsed = parse(certificate)
  if (!parsed) return false
  const left = parsed.validToDate.getTime() - now.getTime()
  return left > RENEW_BEFORE_MS && parsed.validFromDate <= now
}

function isSignedBy(leaf: KeyPair, authority: KeyPair): boolean {
  const issuer = parse(authority.certificate)
  const parsed = parse(leaf.certificate)
  return Boolean(issuer && parsed?.checkIssued(issuer) && parsed.verify(issuer.publicKey))
}

/** An address too many does no harm: a laptop that loses one for a while keeps its certificate. */
function holds({ certificate }: KeyPair, { dns, ip }: Names): boolean {
  const parsed = parse(certificate)
  return Boolean(
    parsed && dns.every((name) => parsed.checkHost(name)) && ip.every((address) => parsed.checkIP(address)),
  )
}
