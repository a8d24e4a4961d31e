import type { Browser, Page } from 'playwright-core'
import { leadsTo, standsStill } from './chatter.ts'
import { drawPicture, scripts, tellAll } from './conversation.ts'
import { type Look, rest, visitor, words } from './look.ts'
import { paintMedia } from './painted.ts'
import { until } from './until.ts'

/**
 * Goes through the states of a chat as one person sees them, and calls back in each when it stands still. The room is told a whole
 * conversation first.
 */
export async function goThroughStates(
  browser: Browser,
  server: string,
  room: string,
  look: Look,
  seen: (page: Page, state: string) => Promise<void>,
): Promise<void> {
  const { language, viewport } = look
  const { chat, shell, more, landing, prejoin, settings } = words[language]
  const script = scripts[language]
  const context = await visitor(browser, script.reader, look)
  await paintMedia(context, { hue: 26, sheet: script.sheet })
  const page = await context.newPage()
  // What the server cannot store is told by a frame that only this page gets.
  let stall: (works: boolean) => void = () => undefined
  await page.routeWebSocket(/\/socket$/, (socket) => {
    socket.connectToServer()
    stall = (works) => socket.send(JSON.stringify({ type: 'storage', works }))
  })
  const show = async (state: string) => {
    await rest(page)
    await seen(page, state)
  }
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const field = page.getByRole('textbox', { name: chat.write })
  const closed = async () => {
    await page.getByRole('dialog').getByRole('button', { name: shell.close, exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
  const openSettings = async () => {
    if (viewport.width >= 768) await button(shell.settings).click()
    else {
      await page.getByRole('banner').getByRole('button', { name: shell.more }).click()
      await page.getByRole('menuitem', { name: shell.settings }).click()
    }
    await page.getByText(settings.thisDevice, { exact: true }).waitFor()
  }

  await page.goto(`${server}/r/${room}`)
  await button(prejoin.join).waitFor()
  // Microphone and camera are found a moment later, and their menus come to life.
  await page.locator('select:enabled').nth(1).waitFor()
  await show('before')
  await page.getByRole('button', { name: prejoin.chatOnly }).click()
  await page.getByText(chat.empty).waitFor()
  await show('empty')
  const others = await tellAll(server, room, script, await drawPicture(page))
  await field.fill(`/topic ${script.topic}`)
  await field.press('Enter')
  await page.getByRole('article', { name: script.last }).waitFor()
  await show('chat')
  const log = page.getByRole('log')
  const code = log.locator('pre')
  await until(
    'code in the page',
    async () => {
      await log.evaluate((box) => box.scrollBy(0, -120))
      return code.count()
    },
    (count) => count > 0,
  )
  // The colours are fetched then; who scrolls on meanwhile may have left the code behind when they come.
  await code.scrollIntoViewIfNeeded()
  await code.locator('.hljs-keyword').first().waitFor()
  await show('code')
  await log.evaluate((box) => box.scrollTo(0, box.scrollHeight))

  const listed = page.getByRole('article', { name: script.last })
  await listed.focus()
  await listed.getByRole('button', { name: more.react, exact: true }).waitFor()
  await show('message')
  await listed.getByRole('button', { name: more.more, exact: true }).press('Enter')
  await listed.getByRole('menuitem', { name: more.pin }).press('Enter')
  await page.getByRole('button', { name: chat.pins(1) }).waitFor()
  await listed.press('r')
  await field.fill(script.again)
  await show('answering')
  await field.press('Escape')
  await field.fill('')

  await until(
    'the beginning in view, and standing still',
    async () => {
      await log.evaluate((box) => box.scrollTo(0, 0))
      await standsStill(log)
      return button(chat.answers(2)).count()
    },
    (count) => count > 0,
  )
  await button(chat.answers(2)).click()
  await page.getByRole('log', { name: more.threadLog }).getByText(script.again).waitFor()
  await show('thread')
  await leadsTo({ page }, script.question, () => page.getByRole('button', { name: more.leaveThread }).click())
  await page.locator('.lit').waitFor({ state: 'detached' })

  if (viewport.width >= 384) {
    await button(more.emoji).click()
    await page.getByRole('tab', { selected: true }).waitFor()
    await page.getByRole('dialog').getByRole('button').nth(40).waitFor()
    await show('emoji')
    await page.keyboard.press('Escape')
  }
  await field.fill('')
  await field.pressSequentially(':ca')
  await page.getByRole('option').first().waitFor()
  await show('completion')
  await field.fill('')

  await page.getByRole('button', { name: chat.search }).click()
  await page.getByRole('searchbox').fill(language === 'ko' ? '토요일' : 'saturday')
  await page.locator('mark').first().waitFor()
  await show('search')
  await closed()
  await page.getByRole('button', { name: chat.pins(1) }).click()
  await page.getByRole('dialog').getByText(script.last).waitFor()
  await show('pinned')
  await closed()
  await field.fill('/poll')
  await field.press('Enter')
  await page.getByRole('dialog', { name: more.dialogs.poll }).waitFor()
  await show('poll')
  await closed()
  await field.fill('/help')
  await field.press('Enter')
  await page.getByRole('dialog', { name: more.dialogs.help }).waitFor()
  await show('help')
  await closed()
  await field.fill('/date')
  await field.press('Enter')
  await page.getByRole('dialog', { name: more.dialogs.date }).waitFor()
  await show('day')
  await closed()
  await openSettings()
  await show('settings')
  await page.getByRole('button', { name: settings.forget, exact: true }).click()
  await page.getByRole('button', { name: settings.forgetSure }).scrollIntoViewIfNeeded()
  await show('forgetting')
  await closed()
  await button(chat.latest).click()
  await page.getByRole('article', { name: script.last }).press('Delete')
  await page.getByRole('dialog', { name: more.deleteTitle }).waitFor()
  await show('deleting')
  await closed()

  stall(false)
  await page.getByText(more.storageStuck).first().waitFor()
  await show('storage')
  stall(true)
  await page.goto(server)
  await page.getByRole('button', { name: landing.open }).waitFor()
  await page.getByText(script.topic).or(page.getByText(room)).first().waitFor()
  await show('start')
  others.close()
  await context.close()
}
