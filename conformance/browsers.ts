// livekit-client as it was published, in real browsers: every behaviour in a room of its own.
import { randomUUID } from 'node:crypto'
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk'
import type { Browser, BrowserContext, Page as BrowserPage } from 'playwright-core'
import { openChromium, openFirefox } from '../e2e/stage/browsers.ts'
import type { Listed, Page } from './page/main.ts'
import type { LayersWish, Setting, TokenWish } from './page/stage.ts'
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
  /** How often each behaviour runs. */
  times: number
}

/** Longer than everything a behaviour waits for, one after the other, on a machine with much else to do. */
const LIMIT_MS = 240_000
const PAGE_LIMIT_MS = 120_000
const PAGE_TRIES = 3
const END_LIMIT_MS = 20_000
const open = { chromium: openChromium, firefox: openFirefox }

export async function runBrowsers(server: Server, choices: Choice[], report: Report): Promise<void> {
  const pages = await servePages()
  try {
    for (const choice of choices) await new Run(server, pages.url, choice, report).all()
  } finally {
    pages.close()
  }
}

class Run {
  readonly #server: Server
  readonly #pages: string
  readonly #choice: Choice
  readonly #report: Report
  readonly #client: string
  /** For what its own browser does not encode. */
  readonly #encoder = new Opening(openChromium)

  constructor(server: Server, pages: string, choice: Choice, report: Report) {
    this.#server = server
    this.#pages = pages
    this.#choice = choice
    this.#report = report
    this.#client = `livekit-client ${clientVersion(choice.client)}, ${choice.browser === 'chromium' ? 'Chromium' : 'Firefox'}, ${choice.form}`
  }

  async all(): Promise<void> {
    const opening = new Opening(open[this.#choice.browser])
    try {
      await this.#each(opening)
    } catch (error) {
      // Without a browser nothing of this client is known, but others may do.
      this.#add('a browser opens', performance.now(), (error as Error).message)
    } finally {
      await opening.end()
      await this.#encoder.end()
    }
    this.#report.sum(this.#client)
  }

  async #each(opening: Opening): Promise<void> {
    const workers = Array.from({ length: this.#choice.pages }, () => new Worker(opening, (page) => this.#prepare(page)))
    const [first] = workers as [Worker]
    const listed = await first.use((page) => page.evaluate((setting) => conformance.list(setting), this.#setting()))
    const asked = listed.filter((each) => this.#isWanted(each))
    const once = asked.filter(({ lacking }) => !lacking)
    for (const { subject, name, lacking } of asked)
      if (lacking) this.#report.name({ client: this.#client, behaviour: `${subject}: ${name}`, why: lacking })
    const wanted = Array.from({ length: this.#choice.times }, () => once).flat()
    const together = wanted.filter(({ alone }) => !alone)
    const work = async (own: Worker) => {
      for (let next = together.shift(); next; next = together.shift()) await this.#one(own, next)
    }
    await Promise.all(workers.map(work))
    await Promise.all(workers.slice(1).map((other) => other.end()))
    for (const each of wanted.filter(({ alone }) => alone)) await this.#one(first, each)
    await first.end()
  }

  #isWanted({ subject, name, short, better }: Listed): boolean {
    if (better && this.#server.name === 'LiveKit') return false
    const { only } = this.#choice
    return (only === subject || `: ${name}`.includes(only)) && (short || !this.#choice.short)
  }

  async #one(worker: Worker, { name, subject }: Listed): Promise<void> {
    let from = performance.now()
    const run = worker.use((page) => {
      from = performance.now()
      const ran = page.evaluate(([setting, wanted]) => conformance.run(setting, wanted), [
        this.#setting(),
        name,
      ] as const)
      return within(LIMIT_MS, ran, 'took too long')
    })
    const problem = await run.catch((error: Error) => error.message)
    // What went wrong may have left something behind.
    if (problem !== undefined) await worker.end()
    this.#add(`${subject}: ${name}`, from, problem)
  }

  #add(behaviour: string, from: number, problem: string | undefined): void {
    this.#report.add({
      client: this.#client,
      server: this.#server.name,
      behaviour,
      passed: problem === undefined,
      milliseconds: Math.round(performance.now() - from),
      ...(problem !== undefined && { problem }),
    })
  }

  async #prepare(page: BrowserPage): Promise<void> {
    await page.exposeFunction('conformanceToken', (asked: TokenWish) => this.#token(asked))
    await page.exposeFunction('conformanceService', (method: string, args: unknown[]) => this.#service(method, args))
    await page.exposeFunction('conformanceServer', () => this.#server.restart?.())
    await page.exposeFunction('conformanceLayers', (asked: LayersWish) => this.#showLayers(asked))
    await this.#load(page, this.#choice.client)
  }

  async #load(page: BrowserPage, client: Client): Promise<void> {
    await page.goto(`${this.#pages}/${client}/`, { timeout: PAGE_LIMIT_MS })
    await page.waitForFunction('globalThis.conformance', undefined, { timeout: PAGE_LIMIT_MS })
  }

  async #showLayers(asked: LayersWish): Promise<void> {
    const browser = await this.#encoder.get()
    for (const context of browser.contexts()) await close(context)
    const page = await (await browser.newContext()).newPage()
    await this.#load(page, 'new')
    await page.evaluate((wish) => conformance.showLayers(wish), asked)
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

/** A browser that is opened when it is needed, and again when it has ended by itself. */
class Opening {
  readonly #open: () => Promise<Browser>
  #browser: Promise<Browser> | undefined

  constructor(openBrowser: () => Promise<Browser>) {
    this.#open = openBrowser
  }

  async get(): Promise<Browser> {
    const known = await this.#browser?.catch(() => undefined)
    if (known?.isConnected()) return known
    this.#browser = this.#open()
    return this.#browser
  }

  async end(): Promise<void> {
    const browser = await this.#browser?.catch(() => undefined)
    await browser?.close()
  }
}

/** A page that does one behaviour after the other; a new one when the last was ended. */
class Worker {
  readonly #opening: Opening
  readonly #prepare: (page: BrowserPage) => Promise<void>
  #open: { context: BrowserContext; page: BrowserPage } | undefined

  constructor(opening: Opening, prepare: (page: BrowserPage) => Promise<void>) {
    this.#opening = opening
    this.#prepare = prepare
  }

  async use<Answer>(work: (page: BrowserPage) => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; !this.#open; tries += 1) {
      await this.#renew().catch((error) => {
        if (tries === PAGE_TRIES) throw error
      })
    }
    return work(this.#open.page)
  }

  /** On a busy machine a page may not come up in time; that says nothing about a server. */
  async #renew(): Promise<void> {
    const browser = await this.#opening.get()
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      await this.#prepare(page)
      this.#open = { context, page }
    } catch (error) {
      await close(context)
      throw error
    }
  }

  async end(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (open) await close(open.context)
  }
}

/** What hangs does not keep others waiting. */
async function close(context: BrowserContext): Promise<void> {
  await within(END_LIMIT_MS, context.close(), 'did not end').catch(() => {})
}

async function within<Answer>(limitMs: number, work: Promise<Answer>, problem: string): Promise<Answer> {
  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(() => limit.reject(new Error(problem)), limitMs)
  return Promise.race([work, limit.promise]).finally(() => clearTimeout(timer))
}

/** Bytes come from the page as a list of numbers. */
function revived(value: unknown): unknown {
  return value && typeof value === 'object' && 'bytes' in value ? Uint8Array.from(value.bytes as number[]) : value
}

declare const conformance: Page
