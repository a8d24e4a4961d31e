import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openChromium } from './stage/browsers.ts'
import { arrive, type Person } from './stage/person.ts'
import { type RunningServer, startServer } from './stage/server.ts'
import { until } from './stage/until.ts'

let server: RunningServer
let chromium: Browser
beforeAll(async () => {
  ;[server, chromium] = await Promise.all([startServer(), openChromium()])
}, 60_000)
afterAll(async () => {
  await chromium?.close()
  await server?.stop()
})

async function chatter(name: string, room: string): Promise<Person> {
  const person = await arrive(chromium, { url: server.url, room, name })
  await person.page.getByRole('button', { name: 'Chat only, without the call' }).click()
  return person
}

const has = (person: Person, line: string | RegExp) =>
  until(`"${line}" at ${person.name}`, person.conversation, (all) =>
    all.some((each) => (typeof line === 'string' ? each === line : line.test(each))),
  )

test('edit, answer, react and delete, by keyboard alone; everybody sees it', { timeout: 90_000 }, async () => {
  const ana = await chatter('Ana', 'writing')
  const ben = await chatter('Ben', 'writing')
  await ana.say('Lunch at twelfe?')
  await has(ben, 'Lunch at twelfe?')

  const box = ana.page.getByRole('textbox', { name: 'Message to everyone' })
  await box.press('ArrowUp')
  expect(await box.inputValue()).toBe('Lunch at twelfe?')
  await box.press('Escape')
  expect(await box.inputValue()).toBe('')
  await box.press('ArrowUp')
  await box.fill('Lunch at **twelve**?')
  await box.press('Enter')
  await has(ben, 'edited')
  expect(await ben.page.getByRole('log').locator('strong').textContent()).toBe('twelve')

  await ben.page.getByRole('log').focus()
  await ben.page.keyboard.press('ArrowUp')
  await ben.page.keyboard.press('r')
  await ben.say('Gladly')
  await ana.page.getByRole('button', { name: 'Answer to Ana. Go to that message' }).waitFor()

  await ben.page.getByRole('log').focus()
  await ben.page.keyboard.press('ArrowUp')
  await ben.page.keyboard.press('ArrowUp')
  await ben.page.getByRole('button', { name: 'React', exact: true }).press('Enter')
  await ben.page.getByRole('button', { name: 'React with 🎉' }).press('Enter')
  await ana.page.getByRole('button', { name: '🎉 Ben' }).click()
  await ben.page.getByRole('button', { name: '🎉 Ben and Ana' }).waitFor()

  await ana.page.getByRole('article', { name: /Lunch/ }).press('Delete')
  await ana.page.getByRole('dialog', { name: 'Delete this message?' }).getByRole('button', { name: 'Delete' }).click()
  await has(ben, 'This message was deleted.')
  await has(ben, 'The message is gone.')
})
