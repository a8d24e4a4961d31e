// The web pages after their build: how much script a first load takes, and small copies for browsers to fetch.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip, gzipSync, constants as zlib } from 'node:zlib'
import { Stop } from './progress.mjs'

/** What the chat page may load before anybody joins a call, gzipped. livekit-client comes with the call. */
const FIRST_LOAD_LIMIT = 60 * 1024
const COMPRESSED = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest', '.txt', '.wasm'])
/** Below this a copy is hardly smaller. */
const SMALLEST = 512

/** The gzipped bytes of every script that the page loads by itself: what index.html names and what those import. */
export function weighFirstLoad(dist) {
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  const named = [...html.matchAll(/<(?:script|link)\b[^>]*\b(?:src|href)="\/([^"]+\.js)"/g)].map(([, file]) => file)
  const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
  const files = new Set(named)
  const add = (chunk) => {
    files.add(chunk.file)
    for (const key of chunk.imports ?? []) if (!files.has(manifest[key].file)) add(manifest[key])
  }
  for (const chunk of Object.values(manifest)) if (named.includes(chunk.file)) add(chunk)
  return [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0)
}

export function checkFirstLoad(dist) {
  const bytes = weighFirstLoad(dist)
  const size = `${(bytes / 1024).toFixed(1)} KB of script for the first load (gzip, at most ${FIRST_LOAD_LIMIT / 1024})`
  if (bytes > FIRST_LOAD_LIMIT)
    throw new Stop(`The web pages have grown too big: ${size}.\nLoad what is not needed at first later, with import().`)
  return size
}

/** Writes `.br` and `.gz` copies beside everything that becomes smaller by it. */
export async function compressPages(dist) {
  const entries = readdirSync(dist, { recursive: true }).map((name) => join(dist, String(name)))
  const files = entries.filter((file) => COMPRESSED.has(extname(file)) && statSync(file).size >= SMALLEST)
  await Promise.all(
    files.map(async (file) => {
      const bytes = readFileSync(file)
      const params = { [zlib.BROTLI_PARAM_QUALITY]: 11, [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length }
      writeFileSync(`${file}.br`, await promisify(brotliCompress)(bytes, { params }))
      writeFileSync(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }))
    }),
  )
}
