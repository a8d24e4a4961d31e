import { expect, test } from 'vitest'
import { chatter, field, has, leadsTo, message } from './stage/chatter.ts'
import { write } from './stage/person.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'firefox')

test('the main path in Firefox: send, edit, react, answer, search, a file', { timeout: 180_000 }, async () => {
  const visit = { url: stage.server.url, room: 'fox' }
  const ana = await chatter(stage.firefox, { ...visit, name: 'Ana' })
  const ben = await chatter(stage.firefox, { ...visit, name: 'Ben' })
  await has(ana, /Ben joined/)
  const { page } = ana
  const box = field(page)
  await ana.say('점심은 **열두 시**예요?')
  await message(ana, '점심은 열두 시예요?').waitFor()
  await has(ben, '점심은 열두 시예요?')

  await box.press('ArrowUp')
  expect(await box.inputValue()).toBe('점심은 **열두 시**예요?')
  await write(box, 'Lunch at **one**?')
  await box.press('Enter')
  await has(ben, 'edited')
  expect(await ben.page.getByRole('log').locator('strong').textContent()).toBe('one')

  const lunch = message(ben, 'Lunch at one?')
  await lunch.focus()
  await lunch.getByRole('button', { name: 'React', exact: true }).click()
  await ben.page.getByRole('button', { name: 'React with 🎉' }).click()
  await page.getByRole('button', { name: '🎉 Ben' }).waitFor()

  await lunch.press('r')
  await ben.say('Gladly')
  await page.getByRole('button', { name: 'Answer to Ana. Go to that message' }).waitFor()

  await page.getByRole('button', { name: 'Search this room' }).click()
  const search = page.getByRole('dialog', { name: 'Search this room' })
  await write(search.getByRole('searchbox'), 'one from:ana')
  // What is found is shown as it reads, without the signs of Markdown.
  const hit = search.getByRole('button', { name: /Lunch at one\?$/ })
  await hit.waitFor()
  expect(await hit.locator('mark').allTextContents()).toEqual(['one'])
  await leadsTo(ana, 'Lunch at one?', () => hit.click())

  await page
    .getByLabel('Add files')
    .setInputFiles([{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.alloc(1_200_000, 'maru ') }])
  const send = page.getByRole('button', { name: 'Send', exact: true })
  await until(
    'the file being there',
    () => send.isEnabled(),
    (enabled) => enabled,
  )
  await send.click()
  const link = ben.page.getByRole('link', { name: 'Save notes.txt, 1.2 MB' })
  const [saved] = await Promise.all([ben.page.waitForEvent('download'), link.click()])
  expect(saved.suggestedFilename()).toBe('notes.txt')
})
