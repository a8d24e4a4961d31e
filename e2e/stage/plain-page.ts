import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * An empty page of its own origin on this machine, for clients that are not ours. (A page made up by the browser driver has no
 * address, and Chromium lets such a page open no socket to this machine.)
 */
export async function servePlainPage(): Promise<{ url: string; close(): void }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<!doctype html><title>plain</title><video id="v" autoplay playsinline muted></video>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
