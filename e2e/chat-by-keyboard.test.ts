import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { entrance, field, has, leadsTo, message } from './stage/chatter.ts'
import { arrive } from './stage/person.ts'
import { setStage } from './stage/set-stage.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

/** More stops than a page of ours has on the way to anything. */
const MOST_STOPS = 40

/** What has the focus, by its name and else by what stands in it. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const { ariaLabel, textContent } = document.activeElement ?? {}
    return (ariaLabel ?? textContent ?? '').trim()
  })

async function tabTo(page: Page, name: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const passed: string[] = []
  while (passed.length < MOST_STOPS) {
    await page.keyboard.press(key)
    const at = await focused(page)
    if (name.test(at)) return
    passed.push(at)
  }
  throw new Error(`${key} does not lead to ${name}, but to ${passed.join(' | ')}`)
}

test('from the link to the end of a conversation without a mouse', async () => {
  const ben = await enter('Ben', 'keyboard')
  const ana = await arrive(stage.chromium, { url: stage.server.url, room: 'keyboard', name: 'Ana' })
  const { page } = ana
  const press = (key: string) => page.keyboard.press(key)
  await tabTo(page, /^Chat only/)
  await press('Enter')
  await field(page).waitFor()
  // The way in leads to the field to write in.
  await page.keyboard.type('Good morning')
  await press('Enter')
  await has(ben, 'Good morning')
  await ben.say('Who brings bread?')
  await message(ana, /bread/).waitFor()

  await tabTo(page, /^Messages$/, 'Shift+Tab')
  await press('ArrowUp')
  expect(await focused(page)).toMatch(/Ben: Who brings bread\?$/)
  await message(ana, /bread/).getByRole('button', { name: 'React', exact: true }).waitFor()
  await press('Tab')
  expect(await focused(page)).toBe('React')
  await press('Enter')
  await page.getByRole('button', { name: 'React with 👍' }).waitFor()
  expect(await focused(page)).toBe('React with 👍')
  await press('Enter')
  await ben.page.getByRole('button', { name: '👍 Ana' }).waitFor()
  // The menu begins with who reacted, once her own page has heard that she did.
  await page.getByRole('button', { name: '👍 Ana' }).waitFor()
  expect(await focused(page)).toBe('React')
  await tabTo(page, /^More$/)
  await press('Enter')
  expect(await focused(page)).toBe('Who reacted')
  await press('End')
  expect(await focused(page)).toBe('Write to Ben alone')
  await press('Escape')
  expect(await focused(page)).toBe('More')

  await tabTo(page, /^Messages$/, 'Shift+Tab')
  await press('ArrowUp')
  await press('r')
  await page.keyboard.type('I doo')
  await press('Enter')
  await has(ben, 'I doo')
  await message(ana, /I doo/).waitFor()
  await press('ArrowUp')
  await press('Backspace')
  await press('Enter')
  await has(ben, 'I do')
  await ben.page.getByRole('button', { name: 'Answer to Ben. Go to that message' }).waitFor()

  await tabTo(page, /^Messages$/, 'Shift+Tab')
  for (let line = 0; line < 3; line += 1) await press('ArrowUp')
  expect(await focused(page)).toMatch(/Ana: Good morning$/)
  await press('Delete')
  await page.getByRole('dialog', { name: 'Delete this message?' }).waitFor()
  await tabTo(page, /^Delete$/)
  await press('Enter')
  await has(ben, 'This message was deleted.')

  await tabTo(page, /^Search this room$/, 'Shift+Tab')
  await press('Enter')
  await page.getByRole('searchbox', { name: 'Words to look for' }).waitFor()
  await page.keyboard.type('bread')
  await page.locator('mark').first().waitFor()
  await tabTo(page, /Who brings bread\?$/)
  await leadsTo(ana, 'bread', () => press('Enter'))
  await tabTo(page, /^Leave$/, 'Shift+Tab')
  await press('Enter')
  await page.getByRole('heading', { name: 'You left' }).waitFor()
})

test('F6 goes through the parts of a call, and the focus is on the stage after joining', async () => {
  const ana = await arrive(stage.chromium, { url: stage.server.url, room: 'parts', name: 'Ana' })
  const { page } = ana
  await page.keyboard.press('Enter')
  await page.getByRole('toolbar', { name: 'Call controls' }).waitFor()
  const part = () =>
    page.evaluate(() => {
      const region = document.activeElement?.closest<HTMLElement>('[data-region]')
      return region?.id || region?.localName
    })
  expect(await part()).toBe('stage')
  const parts: (string | undefined)[] = []
  for (let press = 0; press < 4; press += 1) {
    await page.keyboard.press('F6')
    parts.push(await part())
  }
  expect(parts).toEqual(['controls', 'panel', 'header', 'stage'])
  await page.keyboard.press('Shift+F6')
  expect(await part()).toBe('header')
})
