import { expect, test } from 'vitest'
import { chatOnly, entrance, field, has, message, sayWithEmoji } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

test('emoji are picked by keyboard, found by name, and typed between colons', async () => {
  const ana = await enter('Ana', 'signs')
  const { page } = ana
  const box = field(page)
  await box.pressSequentially('Soup ')
  await page.getByRole('button', { name: 'Emoji', exact: true }).press('Enter')
  const picker = page.getByRole('dialog', { name: 'Emoji' })
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '')
  await until('the focus in the field', focused, (label) => label === 'Find an emoji')
  await picker.getByRole('button', { name: 'grinning face', exact: true }).waitFor()
  await ana.photograph('emoji')
  expect(await findings(page)).toEqual([])

  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  const second = await focused()
  await page.keyboard.press('ArrowUp')
  expect(await focused()).toBe('Find an emoji')
  expect(second).toBe('grinning face with big eyes')

  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  expect(await focused()).toBe('People')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.type('soup')
  await picker.getByRole('button', { name: 'pot of food', exact: true }).waitFor()
  await picker.getByRole('button', { name: 'pot of food', exact: true }).press('Enter')
  expect(await box.inputValue()).toBe('Soup 🍲')
  await box.press('Enter')
  await message(ana, 'Soup 🍲').waitFor()

  await page.getByRole('button', { name: 'Emoji', exact: true }).press('Enter')
  await picker.getByRole('radio', { name: 'Dark', exact: true }).focus()
  await page.keyboard.press('ArrowLeft')
  expect(await focused()).toBe('Medium-dark')
  await page.keyboard.press('Escape')

  await page.reload()
  await chatOnly(page)
  // The tone stays, for what is typed as for what is picked.
  await sayWithEmoji(ana, 'Welcome :wave: :tada: `:tada:`')
  await has(ana, /^Welcome 👋🏾 🎉/)
  expect(await page.getByRole('log').locator('code').textContent()).toBe(':tada:')

  const soup = message(ana, /Soup/)
  await soup.focus()
  await soup.getByRole('button', { name: 'React', exact: true }).press('Enter')
  await soup.getByRole('button', { name: 'More emoji' }).press('Enter')
  await soup.getByRole('button', { name: 'pot of food', exact: true }).press('Enter')
  await soup.getByRole('button', { name: '🍲 Ana' }).waitFor()
})
