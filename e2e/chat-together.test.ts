import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { chatOnly, entrance, field, has, message, tell } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

test('who is typing, who has read, and where what is new begins', async () => {
  const ana = await enter('Ana', 'together')
  const ben = await enter('Ben', 'together')
  await has(ana, /Ben joined/)
  const mark = ana.page.getByText('Ben is typing…')
  // It stays for some seconds only.
  await Promise.all([mark.waitFor(), field(ben.page).pressSequentially('Soon')])
  await field(ben.page).press('Enter')
  await has(ana, 'Soon')
  await mark.waitFor({ state: 'detached' })
  // A message is no reason to be silent about the next one.
  await Promise.all([mark.waitFor(), field(ben.page).pressSequentially('And then')])
  await ana.say('Good')
  await has(ana, 'Seen by Ben')
  await ben.page.goto(stage.server.url)
  await has(ana, /Ben left/)
  await ana.say('Where are you?')
  await tell(ana, '@everyone, we begin')
  await ben.page.getByRole('link', { name: /together/ }).click()
  await chatOnly(ben.page)
  await has(ben, '@everyone, we begin')
  const lines = await has(ben, 'New messages')
  const begin = lines.indexOf('New messages')
  expect(lines.slice(begin).filter((line) => /Good|Where|everyone/.test(line))).toEqual([
    'Where are you?',
    '@everyone, we begin',
  ])
  expect(lines.slice(0, begin)).toContain('Good')
})

test('where no WebSocket passes, the chat finds another way by itself', async () => {
  const ways: string[] = []
  const walled = async (page: Page) => {
    await page.routeWebSocket(/\/socket$/, (socket) => socket.close())
    page.on('request', (request) => /\/socket\/stream$/.test(request.url()) && ways.push(request.method()))
  }
  const ana = await enter('Ana', 'walled', { prepare: walled })
  const ben = await enter('Ben', 'walled')
  await ben.say('Can you hear me?')
  await has(ana, 'Can you hear me?')
  await ana.say('Every word')
  await has(ben, 'Every word')
  expect(ways).toContain('POST')
})

test('a phone that slept gets what it missed once each and in order, also from a server that began anew meanwhile', async () => {
  const ana = await enter('Ana', 'asleep')
  const ben = await enter('Ben', 'asleep', { viewport: { width: 390, height: 844 } })
  await tell(ana, 'before')
  await has(ben, 'before')
  const phone = await ben.page.context().newCDPSession(ben.page)
  await phone.send('Page.setWebLifecycleState', { state: 'frozen' })
  await tell(ana, 'asleep 1')
  await stage.server.kill()
  await stage.server.restart()
  for (const number of [2, 3]) await tell(ana, `asleep ${number}`)
  await phone.send('Page.setWebLifecycleState', { state: 'active' })
  const seen = await has(ben, 'asleep 3')
  expect(seen.filter((line) => /^(before|asleep \d)$/.test(line))).toEqual([
    'before',
    'asleep 1',
    'asleep 2',
    'asleep 3',
  ])
  await tell(ben, 'awake')
  await has(ana, 'awake')
})

test('a second tab takes the room over, and the first takes it back, with all that was said', async () => {
  const ana = await enter('Ana', 'tabs')
  const ben = await enter('Ben', 'tabs')
  const second = await ana.page.context().newPage()
  await second.goto(ana.page.url())
  await chatOnly(second)
  const notice = ana.page.getByRole('button', { name: 'Continue here' })
  await notice.waitFor()
  await ben.say('Which of you is it?')
  await second.getByText('Which of you is it?').first().waitFor()
  await notice.click()
  await has(ana, 'Which of you is it?')
  await ana.say('This one')
  await has(ben, 'This one')
  expect(await ben.conversation()).not.toContain('Ana 2')
  await ana.page.getByText('2 here').first().waitFor()
})

test('by touch one message at a time shows what can be done with it, and who reacted', async () => {
  const ana = await enter('Ana', 'touched')
  const ben = await enter('Ben', 'touched', { touch: true, viewport: { width: 390, height: 844 }, dark: true })
  for (const text of ['one', 'two', 'three']) await ana.say(text)
  await has(ben, 'three')
  const line = (text: string) => message(ben, `Ana: ${text}`)
  const shown = ben.page.getByRole('group', { name: 'Actions for this message' })
  for (const text of ['one', 'three', 'two']) {
    await line(text).tap()
    await line(text).getByRole('button', { name: 'React', exact: true }).waitFor()
    await until(
      'one message alone',
      () => shown.count(),
      (count) => count === 1,
    )
  }
  await line('two').getByRole('button', { name: 'React', exact: true }).tap()
  const choice = ben.page.getByRole('button', { name: 'React with 🎉' })
  await choice.waitFor()
  const beyond = () =>
    ben.page.evaluate(() => {
      const box = document.querySelector(':popover-open')?.getBoundingClientRect()
      return box && { left: box.left >= 4, right: box.right <= innerWidth - 4 }
    })
  expect(await beyond()).toEqual({ left: true, right: true })
  await choice.tap()
  // By key: who has read it is told below, and moves what stands above.
  await ana.page.getByRole('button', { name: '🎉 Ben' }).press('Enter')
  await line('two').getByRole('button', { name: '🎉 Ben and Ana' }).waitFor()
  await line('two').getByRole('button', { name: 'More', exact: true }).tap()
  await ben.page.getByRole('menuitem', { name: 'Who reacted' }).tap()
  const dialog = ben.page.getByRole('dialog', { name: 'Who reacted' })
  await dialog.waitFor()
  expect((await dialog.getByRole('listitem').allInnerTexts()).join(' ')).toMatch(/🎉[\s\S]*Ben[\s\S]*Ana/)
  expect(await findings(ben.page)).toEqual([])
  await ben.photograph('who-reacted')
})

test('suggestions go with the message, and an edit that was refused is in the field again', async () => {
  let isFull = false
  const ana = await enter('Ana', 'refused', {
    prepare: (page) =>
      page.routeWebSocket(/\/socket$/, (socket) => {
        const way = socket.connectToServer()
        socket.onMessage((frame) => {
          const { type, id } = JSON.parse(String(frame))
          if (type !== 'edit' || !isFull) return way.send(frame)
          socket.send(JSON.stringify({ type: 'error', id, code: 'storage_unavailable', message: 'full' }))
        })
      }),
  })
  await enter('Ben', 'refused')
  await has(ana, /Ben joined/)
  const box = field(ana.page)
  await box.pressSequentially('Hello @Ben')
  await ana.page.getByRole('option', { name: 'Ben' }).waitFor()
  await box.press('Enter')
  await message(ana, 'Hello @Ben').waitFor()
  await ana.page.getByRole('option').waitFor({ state: 'detached' })
  await box.press('ArrowUp')
  expect(await box.inputValue()).toBe('Hello @Ben')
  await box.fill('Hello both')
  isFull = true
  await box.press('Enter')
  await until(
    'the text being there again',
    () => box.inputValue(),
    (text) => text === 'Hello both',
  )
  isFull = false
  await box.press('Enter')
  await has(ana, 'Hello both')

  // As on a page that is not secure.
  await ana.page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
  // Nor is the message pointed at.
  await ana.page.mouse.move(0, 0)
  const both = message(ana, /Hello both/)
  await both.focus()
  const more = both.getByRole('button', { name: 'More', exact: true })
  await more.press('Enter')
  await ana.page.getByRole('menuitem', { name: 'Copy the text' }).press('Enter')
  await ana.page.getByRole('region', { name: 'Notices' }).getByText('Copied.').waitFor()
  await until(
    'the focus where it was',
    () => more.evaluate((button) => button === document.activeElement),
    (isThere) => isThere,
  )
})
