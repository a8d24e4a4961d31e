// `npm run screens`: takes the pictures in docs/screens from the built server, in English and Korean, on a desk and on a phone.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openChromium } from './stage/browsers.ts'
import { goThroughCall } from './stage/call-states.ts'
import { goThroughStates } from './stage/chat-states.ts'
import { startServer } from './stage/server.ts'

const folder = join(import.meta.dirname, '../docs/screens')
/** What the page in the documents shows; the other states are checked by tests alone. */
const shown = ['before', 'alone', 'call', 'share', 'chat', 'thread', 'emoji', 'search', 'settings', 'storage', 'start']
const sizes = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }
/** Sharp enough for text, small enough for a repository: all of them together stay below 2 MB. */
const QUALITY = 72

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const [server, chromium] = await Promise.all([startServer(), openChromium()])
for (const language of ['en', 'ko'] as const)
  for (const [size, viewport] of Object.entries(sizes)) {
    const dark = size === 'phone' && language === 'ko'
    const room = { en: 'family', ko: '우리집' }[language] + (size === 'phone' ? '-2' : '')
    const take = async (page: Page, state: string) => {
      if (!shown.includes(state) && !process.argv.includes('--all')) return
      const camera = await page.context().newCDPSession(page)
      const { data } = await camera.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY })
      await camera.detach()
      writeFileSync(join(folder, `${language}-${size}-${state}.webp`), Buffer.from(data, 'base64'))
    }
    const look = { language, viewport, dark }
    await goThroughStates(chromium, server.url, room, look, take)
    await goThroughCall(chromium, server.url, `${room}-${{ en: 'call', ko: '통화' }[language]}`, look, take)
  }
await chromium.close()
await server.stop()
