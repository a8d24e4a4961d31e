// livekit-client as it was published, in real browsers: every behaviour in a room of its own.
import { randomUUID } from 'node:crypto'
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk'
import type { Browser, BrowserContext, Page as BrowserPage } from 'playwright-core'
import { openChromium, openFirefox } from '../e2e/stage/browsers.ts'
import type { Listed, Page } from './page/main.ts'
import type { Setting, TokenWish } from './page/stage.ts'
import { type Client, clientVersion, servePages } from './page-server.ts'
import type { Report } from './report.ts'
import type { Server } from './servers.ts'

export interface Choice {
  browser: 'chromium' | 'firefox'
  client: Client
  form: 'single' | 'dual'
  /** Leaves out what takes long or has to be alone. */
  short: boolean
  /** Only behaviours whose name or subject contains this. */
  only: string
  /** Pages that work at once. */
  pages: number
}

const LIMIT_MS = 60_000
const open = { chromium: openChromium, firefox: openFirefox }

export async function runBrowsers(server: Server, choices: Choice[], report: Report): Promise<void> {
  const pages = await servePages()
  try {
    for (const browser of ['chromium', 'firefox'] as const) {
      const own = choices.filter((choice) => choice.browser === browser)
      if (own.length === 0) continue
      const opened = await open[browser]()
      for (const choice of own) await new Run(server, opened, pages.url, choice, report).all()
      await opened.close()
    }
  } finally {
    pages.close()
  }
}

class Run {
  readonly #server: Server
  readonly #browser: Browser
  readonly #pages: string
  readonly #choice: Choice
  readonly #report: Report
  readonly #client: string

  constructor(server: Server, browser: Browser, pages: string, choice: Choice, report: Report) {
    this.#server = server
    this.#browser = browser
    this.#pages = pages
    this.#choice = choice
    this.#report = report
    this.#client = `livekit-client ${clientVersion(choice.client)}, ${choice.browser === 'chromium' ? 'Chromium' : 'Firefox'}, ${choice.form}`
  }

  async all(): Promise<void> {
    const worker = new Worker(this.#browser, (page) => this.#prepare(page))
    const listed = await worker.use((page) => page.evaluate((setting) => conformance.list(setting), this.#setting()))
    const wanted = listed.filter((each) => this.#isWanted(each))
    const together = wanted.filter(({ alone }) => !alone)
    const work = async (own: Worker) => {
      for (let next = together.shift(); next; next = together.shift()) await this.#one(own, next)
    }
    const others = Array.from(
      { length: this.#choice.pages - 1 },
      () => new Worker(this.#browser, (page) => this.#prepare(page)),
    )
    await Promise.all([worker, ...others].map(work))
    await Promise.all(others.map((other) => other.end()))
    for (const each of wanted.filter(({ alone }) => alone)) await this.#one(worker, each)
    await worker.end()
    this.#report.sum(this.#client)
  }

  #isWanted({ subject, name, short, better }: Listed): boolean {
    if (better && this.#server.name === 'LiveKit') return false
    const { only } = this.#choice
    return (only === subject || `: ${name}`.includes(only)) && (short || !this.#choice.short)
  }

  async #one(worker: Worker, { name, subject }: Listed): Promise<void> {
    const from = performance.now()
    const run = worker.use((page) =>
      page.evaluate(([setting, wanted]) => conformance.run(setting, wanted), [this.#setting(), name] as const),
    )
    const tooLong = new Promise<string>((resolve) => setTimeout(resolve, LIMIT_MS, 'took too long').unref())
    const problem = await Promise.race([run, tooLong]).catch((error: Error) => error.message)
    // What went wrong may have left something behind.
    if (problem !== undefined) await worker.end()
    this.#report.add({
      client: this.#client,
      server: this.#server.name,
      behaviour: `${subject}: ${name}`,
      passed: problem === undefined,
      milliseconds: Math.round(performance.now() - from),
      ...(problem !== undefined && { problem }),
    })
  }

  async #prepare(page: BrowserPage): Promise<void> {
    await page.exposeFunction('conformanceToken', (asked: TokenWish) => this.#token(asked))
    await page.exposeFunction('conformanceService', (method: string, args: unknown[]) => this.#service(method, args))
    await page.exposeFunction('conformanceServer', () => this.#server.restart?.())
    await page.goto(`${this.#pages}/${this.#choice.client}/`)
    await page.waitForFunction('globalThis.conformance')
  }

  #setting(): Setting {
    const { browser, client, form } = this.#choice
    return { url: this.#server.url.replace('http', 'ws'), form, client, browser, room: `c-${randomUUID().slice(0, 8)}` }
  }

  #token({ identity, room, secret, grant, kind, ttl, ...rest }: TokenWish): Promise<string> {
    const { apiKey, apiSecret } = this.#server.keys
    const { name, metadata, attributes } = rest
    const token = new AccessToken(apiKey, secret ?? apiSecret, {
      identity,
      ttl: ttl ?? 600,
      ...(name !== undefined && { name }),
      ...(metadata !== undefined && { metadata }),
      ...(attributes !== undefined && { attributes }),
    })
    token.addGrant({ roomJoin: true, room, ...grant })
    if (kind) token.kind = kind
    return token.toJwt()
  }

  async #service(method: string, args: unknown[]) {
    const { apiKey, apiSecret } = this.#server.keys
    const client = new RoomServiceClient(this.#server.url, apiKey, apiSecret)
    const call = Reflect.get(client, method) as (...given: unknown[]) => Promise<unknown>
    try {
      const value = await call.apply(client, args.map(revived))
      return { value: JSON.parse(JSON.stringify(value ?? null)) }
    } catch (error) {
      const { status = 0, code = '', message = '' } = error as { status?: number; code?: string; message?: string }
      return { error: { status, code, message } }
    }
  }
}

/** A page that does one behaviour after the other; a new one when the last was ended. */
class Worker {
  readonly #browser: Browser
  readonly #prepare: (page: BrowserPage) => Promise<void>
  #open: { context: BrowserContext; page: BrowserPage } | undefined

  constructor(browser: Browser, prepare: (page: BrowserPage) => Promise<void>) {
    this.#browser = browser
    this.#prepare = prepare
  }

  async use<Answer>(work: (page: BrowserPage) => Promise<Answer>): Promise<Answer> {
    if (!this.#open) {
      const context = await this.#browser.newContext()
      const page = await context.newPage()
      await this.#prepare(page)
      this.#open = { context, page }
    }
    return work(this.#open.page)
  }

  async end(): Promise<void> {
    await this.#open?.context.close()
    this.#open = undefined
  }
}

/** Bytes come from the page as a list of numbers. */
function revived(value: unknown): unknown {
  return value && typeof value === 'object' && 'bytes' in value ? Uint8Array.from(value.bytes as number[]) : value
}

declare const conformance: Page
