// Gives browsers an unmodified release of livekit-client and our behaviours beside it, as modules, without any bundling.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The newest release, and the one that was the newest a year before. */
export const clients = { new: 'livekit-client', old: 'livekit-client-old' } as const
export type Client = keyof typeof clients

export function clientVersion(client: Client): string {
  return JSON.parse(readFileSync(join(root, 'node_modules', clients[client], 'package.json'), 'utf8')).version
}

/** `/new/` and `/old/` are the same page with another client. */
export async function servePages(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const answer = answerTo(new URL(request.url ?? '/', 'http://localhost').pathname)
    response.writeHead(answer ? 200 : 404, { 'content-type': answer?.type ?? 'text/plain' })
    response.end(answer?.text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function answerTo(path: string): { type: string; text: string } | undefined {
  const [, client = '', file = ''] = /^\/(new|old)\/([\w.-]*)$/.exec(path) ?? []
  if (!client) return undefined
  const type = 'text/javascript'
  if (file === '') return { type: 'text/html', text: html(client) }
  if (/^livekit-client\.[\w.]+\.mjs$/.test(file)) {
    const dist = join(root, 'node_modules', clients[client as Client], 'dist')
    return { type, text: readFileSync(join(dist, file), 'utf8') }
  }
  if (!/^[\w-]+\.ts$/.test(file)) return undefined
  return { type, text: stripTypeScriptTypes(readFileSync(join(import.meta.dirname, 'page', file), 'utf8')) }
}

const html = (client: string) => `<!doctype html><meta charset="utf-8"><title>conformance</title>
<script type="importmap">{ "imports": { "livekit-client": "/${client}/livekit-client.esm.mjs" } }</script>
<script type="module" src="/${client}/main.ts"></script><body></body>`
