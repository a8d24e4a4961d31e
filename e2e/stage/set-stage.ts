import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { openChromium, openFirefox } from './browsers.ts'
import { shots } from './person.ts'
import { type RunningServer, startServer } from './server.ts'

interface Stage {
  server: RunningServer
  chromium: Browser
  firefox: Browser
}

/** To start a server and two browsers takes a busy machine a while, and so does it to end them. */
const LIMIT_MS = 120_000

const starts: { [Part in keyof Stage]: () => Promise<Stage[Part]> } = {
  server: () => startServer(),
  chromium: openChromium,
  firefox: openFirefox,
}

/**
 * What the tests of a file share, there from before the first one until after the last. No page outlives its test; of one that fails, what its
 * pages showed is kept among the shots.
 */
export function setStage<Part extends keyof Stage>(...parts: Part[]): Readonly<Pick<Stage, Part>> {
  const stage: Partial<Stage> = {}
  const contexts = () => [stage.chromium, stage.firefox].flatMap((browser) => browser?.contexts() ?? [])
  beforeAll(async () => {
    const started = await Promise.allSettled(
      parts.map(async (part) => Object.assign(stage, { [part]: await starts[part]() })),
    )
    for (const each of started) if (each.status === 'rejected') throw each.reason
  }, LIMIT_MS)
  afterEach(async ({ task }) => {
    const pages = contexts().flatMap((context) => context.pages())
    if (task.result?.state === 'fail')
      for (const [index, page] of pages.entries()) {
        const path = join(shots, `failed-${task.name.replace(/\W+/g, '-').slice(0, 60)}-${index}.png`)
        await page.screenshot({ path }).catch(() => undefined)
      }
    await Promise.all(contexts().map((context) => context.close()))
  }, LIMIT_MS)
  afterAll(async () => {
    await Promise.all([stage.chromium?.close(), stage.firefox?.close()])
    await stage.server?.stop()
  }, LIMIT_MS)
  return stage as Pick<Stage, Part>
}
