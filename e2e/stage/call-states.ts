import type { Browser, Page } from 'playwright-core'
import { scripts } from './conversation.ts'
import { type Look, rest, visitor, words } from './look.ts'
import { paintMedia } from './painted.ts'
import { until } from './until.ts'

/**
 * Goes through the states of a call as one person sees them, and calls back in each when it stands still: alone, with another one, and with a
 * screen that the other one shares.
 */
export async function goThroughCall(
  browser: Browser,
  server: string,
  room: string,
  look: Look,
  seen: (page: Page, state: string) => Promise<void>,
): Promise<void> {
  const { call, chat, prejoin } = words[look.language]
  const script = scripts[look.language]
  const [guest] = script.people
  const come = async (name: string, hue: number, as: Look) => {
    const context = await visitor(browser, name, as)
    await paintMedia(context, { hue, sheet: script.sheet })
    const page = await context.newPage()
    await page.goto(`${server}/r/${room}`)
    // What the preview shows is what the call begins with.
    await page.locator('select:enabled').nth(1).waitFor()
    await page.getByRole('button', { name: prejoin.join, exact: true }).click()
    await page.getByRole('toolbar', { name: call.controls }).waitFor()
    return page
  }
  const page = await come(script.reader, 26, look)
  const show = async (state: string) => {
    await rest(page)
    await seen(page, state)
  }
  const moves = (picture: string) =>
    until(
      `${picture} moving`,
      () =>
        page.evaluate(
          () => [...document.querySelectorAll('video')].filter((video) => video.videoWidth > 0 && !video.paused).length,
        ),
      (count) => count >= (picture === 'a screen' ? 3 : 2),
    )

  await page.getByRole('heading', { name: call.alone.title }).waitFor()
  await show('alone')
  const other = await come(guest, 200, { ...look, viewport: { width: 1280, height: 800 } })
  await page.getByRole('listitem', { name: new RegExp(`^${guest}(,|$)`) }).waitFor()
  await moves('two faces')
  const field = other.getByRole('textbox', { name: chat.write })
  for (const line of [script.plain, script.last]) {
    await field.fill(line)
    await field.press('Enter')
  }
  await other.getByRole('article', { name: script.last }).waitFor()
  await show('call')
  await other.getByRole('button', { name: call.share, exact: true }).click()
  await page.getByRole('list', { name: call.strip }).waitFor()
  await moves('a screen')
  await show('share')
  await page.context().close()
  await other.context().close()
}
