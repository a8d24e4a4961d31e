import { hostname, networkInterfaces } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { certificateNames } from '../http/addresses.ts'
import type { App } from '../http/app.ts'
import type { Port } from '../http/listen.ts'
import type { Log } from '../terminal/log.ts'
import type { Names } from './authority.ts'
import { readCertificates } from './certificates.ts'

/** Addresses change while a laptop moves: soon enough for somebody who then opens the page, and cheap. */
const ADDRESS_CHECK_MS = 60_000
/** A server that runs for a year must not end with its certificate. */
const EXPIRY_CHECK_MS = 3_600_000

/** Gives the port its certificate now and whenever it needs another, and lets people fetch the authority's at /ca.crt. */
export async function serveCertificates({
  app,
  port,
  folder,
  host,
  address,
  log,
}: {
  app: App
  port: Port
  folder: string
  host?: string | undefined
  address?: string | undefined
  log: Log
}): Promise<void> {
  const wanted = () => certificateNames(networkInterfaces(), { hostname: hostname(), host, address })
  const read = (names: Names) => readCertificates({ folder, names, hostname: hostname(), now: new Date() })
  let names = wanted()
  let checkedAt = performance.now()
  let current = await read(names)
  port.setCertificate(current)
  app.route('GET', '/ca.crt', (_request, response) => {
    response.writeHead(200, {
      'content-type': 'application/x-x509-ca-cert',
      'content-disposition': 'attachment; filename="maru-ca.crt"',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    response.end(current.authority)
  })
  const renew = async () => {
    const now = wanted()
    if (isDeepStrictEqual(now, names) && performance.now() - checkedAt < EXPIRY_CHECK_MS) return
    names = now
    checkedAt = performance.now()
    const next = await read(names)
    if (!next.renewed) return
    current = next
    port.setCertificate(next)
    log.info('certificate renewed')
  }
  setInterval(() => {
    renew().catch((error) => log.error('certificate could not be renewed', { error }))
  }, ADDRESS_CHECK_MS).unref()
}
