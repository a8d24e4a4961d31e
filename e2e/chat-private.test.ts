import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openChromium, openFirefox } from './stage/browsers.ts'
import { chatter, has } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { type RunningServer, startServer } from './stage/server.ts'
import { until } from './stage/until.ts'

let server: RunningServer
let chromium: Browser
let firefox: Browser
beforeAll(async () => {
  ;[server, chromium, firefox] = await Promise.all([startServer(), openChromium(), openFirefox()])
}, 60_000)
afterAll(async () => {
  await Promise.all([chromium?.close(), firefox?.close()])
  await server?.stop()
})

const enter = (name: string, room: string) => chatter(chromium, { url: server.url, room, name })

test('what is written to one person is read by the two alone, answers too', { timeout: 90_000 }, async () => {
  const ana = await enter('Ana', 'two')
  const ben = await enter('Ben', 'two')
  const cho = await enter('Cho', 'two')
  await has(ana, /Cho joined/)
  await ana.say('/msg Ben see you at six')
  await has(ben, 'see you at six')
  await has(ben, 'Only for you, from Ana')
  await ben.page.getByRole('article', { name: /six/ }).press('r')
  await ben.say('Gladly')
  await has(ana, 'Gladly')
  expect(await findings(ana.page)).toEqual([])
  await ana.say('/msg Ben')
  const box = ana.page.getByRole('textbox', { name: 'Only Ben can read this' })
  await box.fill('and bring bread')
  await box.press('Enter')
  await has(ben, 'and bring bread')
  await box.press('Escape')
  await ana.say('For all')
  await has(cho, 'For all')
  await cho.page.reload()
  await cho.page.getByRole('button', { name: 'Chat only, without the call' }).click()
  await has(cho, 'For all')
  expect((await cho.conversation()).join(' ')).not.toMatch(/six|Gladly|bread/)
})

test('a poll is closed by who asked, and takes no more votes', { timeout: 90_000 }, async () => {
  const ana = await enter('Ana', 'asking')
  const ben = await enter('Ben', 'asking')
  await has(ana, /Ben joined/)
  await ana.say('/poll Where to? | Market | River')
  await ben.page.getByRole('button', { name: /^River/ }).click()
  await ana.page.getByRole('button', { name: /River.*1 vote/ }).waitFor()
  expect(await ben.page.getByRole('button', { name: 'Close the poll' }).count()).toBe(0)
  await ana.page.getByRole('button', { name: 'Close the poll' }).click()
  await ben.page.getByText(/^Closed/).waitFor()
  expect(await ben.page.getByRole('button', { name: /^Market/ }).isDisabled()).toBe(true)
  expect(await findings(ben.page)).toEqual([])
})

test('a day in the past is gone to, and the way back is one press', { timeout: 90_000 }, async () => {
  const ana = await enter('Ana', 'days')
  await ana.say('First of all')
  await has(ana, 'First of all')
  await ana.page.getByRole('button', { name: 'Go to a day' }).first().click()
  const dialog = ana.page.getByRole('dialog', { name: 'Go to a day' })
  await dialog.getByLabel('Day').fill('2020-02-29')
  expect(await findings(ana.page)).toEqual([])
  await dialog.getByRole('button', { name: 'Go there' }).click()
  await until(
    'the first message being lit',
    () => ana.page.locator('.lit').innerText(),
    (text) => text.includes('First'),
  )
})

test('Firefox: write, edit, react, answer, find, and all of it after a reload', { timeout: 120_000 }, async () => {
  const ana = await chatter(firefox, { url: server.url, room: 'fox', name: '지민' })
  const ben = await enter('Ben', 'fox')
  await has(ana, /Ben joined/)
  await ana.say('점심 먹을까요? **열두 시**')
  await has(ben, /점심/)
  expect(await ben.page.getByRole('log').locator('strong').textContent()).toBe('열두 시')
  await ben.page.getByRole('article', { name: /점심/ }).press('r')
  await ben.say('Gladly :tada:')
  await has(ana, 'Gladly 🎉')
  const answer = ana.page.getByRole('article', { name: /Gladly/ })
  await answer.focus()
  await answer.getByRole('button', { name: 'React', exact: true }).press('Enter')
  await answer.getByRole('button', { name: 'React with 👍' }).press('Enter')
  await ben.page.getByRole('button', { name: '👍 지민' }).waitFor()
  const box = ana.page.getByRole('textbox', { name: 'Message to everyone' })
  await box.press('ArrowUp')
  await ana.say('점심 먹을까요? 한 시')
  await has(ben, /한 시/)
  await ana.page.getByRole('button', { name: 'Search this room' }).click()
  await ana.page.getByRole('searchbox').fill('점심')
  await ana.page.locator('mark').first().waitFor()
  await ana.page.keyboard.press('Escape')
  await ana.page.reload()
  await ana.page.getByRole('button', { name: 'Chat only, without the call' }).click()
  await has(ana, /한 시/)
  await has(ana, 'Gladly 🎉')
})
