// LiveKit's React components: a page with nothing but their VideoConference, used as a person would.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { openChromium } from '../e2e/stage/browsers.ts'
import { until } from '../e2e/stage/until.ts'
import type { Report } from './report.ts'
import type { Server } from './servers.ts'
import { type Trial, tryAll } from './trial.ts'

const root = join(import.meta.dirname, '..')
/** For what never comes: a machine may have much else to do. */
const PATIENCE_MS = 60_000
const built = join(root, '.cache/components')

export async function runComponents(server: Server, only: string, report: Report): Promise<void> {
  const { version } = JSON.parse(
    readFileSync(join(root, 'node_modules/@livekit/components-react/package.json'), 'utf8'),
  )
  const forms = ['single', 'dual'] as const
  const names = forms.map((form) => [`components: two people see each other, write and leave, ${form}`, form] as const)
  const wanted = names.filter(([name]) => name.includes(only))
  if (wanted.length === 0) return
  const config = join(import.meta.dirname, 'components/vite.config.mjs')
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--config', config],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  if (status !== 0) throw new Error('the page of the components was not built')
  const pages = await servePages()
  const browser = await openChromium()
  const meet = (form: string) => (trial: Trial) => twoPeopleMeet(browser, pages.url, form, trial)
  await tryAll(
    `@livekit/components-react ${version}, Chromium`,
    server,
    Object.fromEntries(wanted.map(([name, form]) => [name, meet(form)])),
    report,
  )
  await browser.close()
  pages.close()
}

async function twoPeopleMeet(browser: Browser, url: string, form: string, trial: Trial): Promise<void> {
  const context = await browser.newContext()
  const enter = async (identity: string) => {
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE_MS)
    const asked = new URLSearchParams({ url: trial.url, token: await trial.token(identity), form })
    await page.goto(`${url}/?${asked}`)
    return page
  }
  try {
    const [ana, ben] = [await enter('ana'), await enter('ben')]
    for (const page of [ana, ben])
      await until(
        'two moving pictures',
        () => pictures(page),
        (count) => count === 2,
      )
    // By key: without a style sheet a picture takes the room of its own size, and as sizes change buttons move away from under a pointer.
    for (const page of [ana, ben]) await page.locator('.lk-control-bar .lk-chat-toggle').press('Enter')
    await write(ana, 'good morning')
    await read(ben, 'good morning')
    await write(ben, 'good evening')
    await read(ana, 'good evening')
    await ben.locator('.lk-disconnect-button').press('Enter')
    await until(
      'one tile',
      () => ana.locator('.lk-participant-tile').count(),
      (count) => count === 1,
    )
  } finally {
    await context.close()
  }
}

const pictures = (page: Page) =>
  page
    .locator('.lk-participant-tile video')
    .evaluateAll((videos) => videos.filter((video) => (video as HTMLVideoElement).videoWidth > 0).length)

async function write(page: Page, words: string): Promise<void> {
  const field = page.locator('.lk-chat-form-input')
  await field.fill(words)
  await field.press('Enter')
}

const read = (page: Page, words: string) => page.locator('.lk-message-body', { hasText: words }).waitFor()

async function servePages(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const name = /^\/(assets\/[\w.-]+)$/.exec(pathname)?.[1] ?? 'index.html'
    response.writeHead(200, { 'content-type': extname(name) === '.js' ? 'text/javascript' : 'text/html' })
    response.end(readFileSync(join(built, name)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://localhost:${port}`, close }
}
