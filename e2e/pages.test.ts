import { expect, test } from 'vitest'
import { openContext } from './stage/browsers.ts'
import { chatOnly, tell } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { arrive, type Person, smallCamera } from './stage/person.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')

const looks = [
  { title: 'desktop-light', viewport: { width: 1280, height: 800 }, dark: false },
  { title: 'desktop-dark', viewport: { width: 1280, height: 800 }, dark: true },
  { title: 'phone-light', viewport: { width: 390, height: 844 }, dark: false },
  { title: 'phone-dark', viewport: { width: 390, height: 844 }, dark: true },
  { title: 'narrow', viewport: { width: 320, height: 640 }, dark: false },
]

test.each(looks)(
  'every page is accessible and fits: $title',
  { timeout: 240_000 },
  async ({ title, viewport, dark }) => {
    const check = async (person: Person, page: string) => {
      await person.photograph(`${page}-${title}`)
      expect(await findings(person.page), page).toEqual([])
      const overflow = await person.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow, `${page} scrolls sideways`).toBeLessThanOrEqual(0)
    }
    const visit = { url: stage.server.url, room: `look-${title}`, camera: smallCamera, viewport, dark }
    const ana = await arrive(stage.chromium, { ...visit, name: 'Ana' })
    await check(ana, 'prejoin')
    await ana.join()
    const ben = await arrive(stage.chromium, { ...visit, name: '봄이' })
    await ben.join()
    await until('the picture of 봄이', ana.hears, ({ videos }) => videos.length === 1)
    await check(ana, 'call')
    await ben.page.context().close()

    const chatter = await arrive(stage.chromium, { ...visit, name: 'Cho' })
    await chatOnly(chatter.page)
    for (const line of ['안녕하세요, 다들 잘 지내셨어요?', 'See https://example.org for the plan.'])
      await tell(chatter, line)
    await check(chatter, 'chat')
    await chatter.page.goto(stage.server.url)
    await chatter.page.getByRole('button', { name: 'Open room' }).waitFor()
    await check(chatter, 'landing')
    await chatter.page.context().close()
    await ana.page.context().close()
  },
)

test('the whole way by keyboard: name, join, mute, write, leave', { timeout: 180_000 }, async () => {
  const ana = await arrive(stage.chromium, { url: stage.server.url, room: 'keys', name: 'Ana', camera: smallCamera })
  const { page } = ana
  await page.keyboard.press('Enter')
  const bar = page.getByRole('toolbar', { name: 'Call controls' })
  await bar.waitFor()
  const microphone = bar.getByRole('button', { name: 'Microphone', exact: true })
  const pressed = () => microphone.getAttribute('aria-pressed')
  await until('the microphone being on at first', pressed, (value) => value === 'true')
  await page.locator('body').press('m')
  await until('the microphone being off', pressed, (value) => value === 'false')
  await page.locator('body').press('m')
  await until('the microphone being on', pressed, (value) => value === 'true')
  await microphone.focus()
  await page.keyboard.press('End')
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
  await until('the focus on Leave', focused, (text) => text.includes('Leave'))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'You left' }).waitFor()
})

test('nothing is loaded from outside', async () => {
  const context = await openContext(stage.chromium)
  const page = await context.newPage()
  const foreign: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(stage.server.url) && !/^(data|blob):/.test(request.url())) foreign.push(request.url())
  })
  await page.goto(`${stage.server.url}/r/quiet`, { waitUntil: 'networkidle', timeout: 90_000 })
  expect(foreign).toEqual([])
})
