import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openChromium } from './stage/browsers.ts'
import { chatter as enter, has } from './stage/chatter.ts'
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

const chatter = (name: string, room: string) => enter(chromium, { url: server.url, room, name })

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

test('commands, completion, polls, pins and search', { timeout: 90_000 }, async () => {
  const ana = await chatter('Ana', 'finding')
  const ben = await chatter('Ben', 'finding')
  const { page } = ana
  await has(ana, /Ben joined/)
  const box = page.getByRole('textbox', { name: 'Message to everyone' })
  await box.pressSequentially('Good morning @b')
  await page.getByRole('option', { name: 'Ben' }).waitFor()
  await box.press('Enter')
  expect(await box.inputValue()).toBe('Good morning @Ben ')
  await box.pressSequentially(':tada')
  await page.getByRole('option', { name: /:tada:/ }).waitFor()
  await box.press('Tab')
  await box.press('Enter')
  await has(ben, /^Good morning @Ben 🎉$/)
  await ana.say('/me is hungry')
  await has(ben, /is hungry/)
  await ana.say('/poll Where to? | Market | River')
  await ben.page.getByRole('button', { name: /^River/ }).click()
  await page.getByRole('button', { name: /River.*1 vote/ }).waitFor()
  await ana.say('/poll')
  const poll = page.getByRole('dialog', { name: 'New poll' })
  await poll.getByRole('textbox', { name: 'Question' }).fill('When?')
  await poll.getByRole('textbox', { name: 'Options' }).fill('Now\nLater')
  await poll.getByRole('button', { name: 'Start the poll' }).press('Enter')
  await ben.page.getByRole('button', { name: /^Later/ }).waitFor()
  // What stood in front gives the focus back to where it came from.
  expect(await box.evaluate((field) => field === document.activeElement)).toBe(true)

  const morning = page.getByRole('article', { name: /Good morning/ })
  await morning.focus()
  await morning.getByRole('button', { name: 'More', exact: true }).press('Enter')
  await morning.getByRole('menuitem', { name: 'Pin' }).press('Enter')
  await ben.page.getByRole('button', { name: '1 pinned message' }).click()
  await ben.page.getByRole('dialog', { name: 'Pinned messages' }).getByText('Good morning').waitFor()
  await ben.page.keyboard.press('Escape')

  await ben.page.getByRole('button', { name: 'Search this room' }).click()
  const search = ben.page.getByRole('dialog', { name: 'Search this room' })
  await search.getByRole('searchbox').fill('morning from:ana')
  await search.locator('mark').first().click()
  await until(
    'the message being lit',
    () => ben.page.locator('.lit').count(),
    (count) => count === 1,
  )
})

test('what could not be sent waits through a closed page', { timeout: 90_000 }, async () => {
  const ana = await chatter('Ana', 'waiting')
  await ana.say('before')
  await has(ana, 'before')
  await ana.page.context().setOffline(true)
  await server.kill()
  await ana.say('while away')
  await has(ana, 'while away')
  const kept = () =>
    ana.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const request = indexedDB.open('maru-outbox')
          request.onsuccess = () => {
            const all = request.result.transaction('messages').objectStore('messages').count()
            all.onsuccess = () => resolve(all.result)
          }
        }),
    )
  await until('the message being kept', kept, (count) => count === 1)
  await server.restart()
  await ana.page.context().setOffline(false)
  await ana.page.reload()
  await ana.page.getByRole('button', { name: 'Chat only, without the call' }).click()
  await until('it being sent once', ana.conversation, (all) => all.filter((each) => each === 'while away').length === 1)
  await until('nothing waiting', kept, (count) => count === 0)
})

test('files are sent in pieces over a bad line, and pictures are shown in place', { timeout: 90_000 }, async () => {
  const ana = await chatter('Ana', 'files')
  const ben = await chatter('Ben', 'files')
  await has(ana, /Ben joined/)
  const picture = await ana.page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 400
    canvas.height = 300
    const context = canvas.getContext('2d')
    if (context) {
      context.fillStyle = '#9a5722'
      context.fillRect(0, 0, 400, 300)
    }
    return canvas.toDataURL('image/png').split(',')[1] ?? ''
  })
  let lost = 0
  await ana.page.route('**/api/uploads/*', (route) => {
    const isLost = route.request().method() === 'PATCH' && lost < 2
    if (isLost) lost += 1
    return isLost ? route.abort() : route.continue()
  })
  await ana.page.getByLabel('Add files').setInputFiles([
    { name: 'floor.png', mimeType: 'image/png', buffer: Buffer.from(picture, 'base64') },
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.alloc(2_400_000, 'maru ') },
  ])
  await ana.page.getByRole('list', { name: 'Files of this message' }).waitFor()
  const send = ana.page.getByRole('button', { name: 'Send', exact: true })
  await until(
    'the files being there',
    () => send.isEnabled(),
    (enabled) => enabled,
  )
  expect(lost).toBe(2)
  await send.click()
  const image = ben.page.getByRole('img', { name: 'floor.png' })
  const width = () => image.evaluate((element: HTMLImageElement) => element.naturalWidth)
  await until('the picture', width, (pixels) => pixels === 400)
  await ben.page.getByRole('link', { name: 'Save notes.txt, 2.4 MB' }).waitFor()
})

test('the start page tells what is unread', { timeout: 60_000 }, async () => {
  const ana = await chatter('Ana', 'counting')
  const ben = await chatter('Ben', 'counting')
  await has(ana, /Ben joined/)
  await has(ben, /Ben joined/)
  await ben.page.goto(server.url)
  await has(ana, /Ben left/)
  await ana.say('one')
  await ana.say('two')
  await has(ana, 'two')
  await ben.page.reload()
  await ben.page.getByRole('link', { name: /counting 2 new messages/ }).waitFor()
})
