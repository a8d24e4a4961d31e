import type { Browser, BrowserContext, Page } from 'playwright-core'
import { call as callEn } from '../../packages/web/src/features/call/words.en.ts'
import { call as callKo } from '../../packages/web/src/features/call/words.ko.ts'
import { more as moreEn } from '../../packages/web/src/features/chat/more-words.en.ts'
import { more as moreKo } from '../../packages/web/src/features/chat/more-words.ko.ts'
import { landing as landingEn } from '../../packages/web/src/features/landing/words.en.ts'
import { landing as landingKo } from '../../packages/web/src/features/landing/words.ko.ts'
import { prejoin as prejoinEn } from '../../packages/web/src/features/prejoin/words.en.ts'
import { prejoin as prejoinKo } from '../../packages/web/src/features/prejoin/words.ko.ts'
import { settings as settingsEn } from '../../packages/web/src/features/settings/words.en.ts'
import { settings as settingsKo } from '../../packages/web/src/features/settings/words.ko.ts'
import { en } from '../../packages/web/src/lib/words/en.ts'
import { ko } from '../../packages/web/src/lib/words/ko.ts'
import { openContext } from './browsers.ts'

/** What stands on the pages, to find things by. */
export const words = {
  en: { ...en, call: callEn, more: moreEn, landing: landingEn, prejoin: prejoinEn, settings: settingsEn },
  ko: { ...ko, call: callKo, more: moreKo, landing: landingKo, prejoin: prejoinKo, settings: settingsKo },
}

/** How somebody looks at the pages. */
export interface Look {
  language: 'en' | 'ko'
  viewport: { width: number; height: number }
  dark: boolean
}

/** A browser of somebody who has been here before, so that the name stands there and the language is chosen. */
export async function visitor(
  browser: Browser,
  name: string,
  { language, viewport, dark }: Look,
): Promise<BrowserContext> {
  const context = await openContext(browser, { viewport, colorScheme: dark ? 'dark' : 'light' })
  await context.addInitScript(
    ([name, chosen]) => {
      localStorage.setItem('maru.name', name)
      localStorage.setItem('maru.language', chosen)
    },
    [name, language] as const,
  )
  return context
}

/** Until nothing moves and all letters are there, the pointer out of the way. */
export async function rest(page: Page): Promise<void> {
  await page.mouse.move(0, 0)
  await page.evaluate(() => document.fonts.ready.then(() => undefined))
  await arrived(page)
}

/** Until what moves now has come to its end. What turns or swings for as long as something lasts has none. */
export async function arrived(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const passing = document.getAnimations().filter((each) => each.effect?.getTiming().iterations !== Infinity)
    await Promise.all(passing.map((each) => each.finished.catch(() => undefined)))
  })
}
