import { expect, test } from 'vitest'
import { chatOnly, entrance, field, has, leadsTo, message, tell } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

test('edit, answer, react and delete, by keyboard alone; everybody sees it', async () => {
  const ana = await enter('Ana', 'writing')
  const ben = await enter('Ben', 'writing')
  await tell(ana, 'Lunch at twelfe?')
  await has(ben, 'Lunch at twelfe?')

  const box = field(ana.page)
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
  await tell(ben, 'Gladly')
  await ana.page.getByRole('button', { name: 'Answer to Ana. Go to that message' }).waitFor()

  await ben.page.getByRole('log').focus()
  await ben.page.keyboard.press('ArrowUp')
  await ben.page.keyboard.press('ArrowUp')
  await ben.page.getByRole('button', { name: 'React', exact: true }).press('Enter')
  await ben.page.getByRole('button', { name: 'React with 🎉' }).press('Enter')
  await ana.page.getByRole('button', { name: '🎉 Ben' }).press('Enter')
  await ben.page.getByRole('button', { name: '🎉 Ben and Ana' }).waitFor()

  await message(ana, /Lunch/).press('Delete')
  await ana.page.getByRole('dialog', { name: 'Delete this message?' }).getByRole('button', { name: 'Delete' }).click()
  await has(ben, 'This message was deleted.')
  await has(ben, 'The message is gone.')
})

test('commands, completion, polls, pins and search', async () => {
  const ana = await enter('Ana', 'finding')
  const ben = await enter('Ben', 'finding')
  const { page } = ana
  await has(ana, /Ben joined/)
  const box = field(page)
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

  const morning = message(ana, /Good morning/)
  await morning.focus()
  await morning.getByRole('button', { name: 'More', exact: true }).press('Enter')
  await morning.getByRole('menuitem', { name: 'Pin' }).press('Enter')
  await ben.page.getByRole('button', { name: '1 pinned message' }).click()
  await ben.page.getByRole('dialog', { name: 'Pinned messages' }).getByText('Good morning').waitFor()
  await ben.page.keyboard.press('Escape')

  await ben.page.getByRole('button', { name: 'Search this room' }).click()
  const search = ben.page.getByRole('dialog', { name: 'Search this room' })
  await search.getByRole('searchbox').fill('morning from:ana')
  await leadsTo(ben, 'Good morning', () => search.locator('mark').first().click())
})

test('every command does what the help says of it', async () => {
  const ana = await enter('Ana', 'commands')
  const ben = await enter('Ben', 'commands')
  await has(ana, /Ben joined/)
  const { page } = ana
  const notices = page.getByRole('region', { name: 'Notices' })
  for (const [command, title] of [
    ['/help', 'Commands'],
    ['/poll', 'New poll'],
    ['/search', 'Search this room'],
    ['/pins', 'Pinned messages'],
    ['/date', 'Go to a day'],
    ['/invite', 'Invite to this room'],
    ['/settings', 'Settings'],
  ] as const) {
    await ana.say(command)
    await page.getByRole('dialog', { name: title }).getByRole('button', { name: 'Close', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await field(page).inputValue()).toBe('')
  }
  await ana.say('/me waves')
  await message(ben, /waves/).waitFor()
  await ana.say('/topic Bread')
  await has(ben, 'Ana set the topic: Bread')
  // What only an owner may.
  await ben.say('/topic Butter')
  await ben.page.getByRole('region', { name: 'Notices' }).getByText('That did not work.').waitFor()
  await ana.say('/nonsense')
  await notices.getByText('There is no /nonsense.').waitFor()
  expect(await field(page).inputValue()).toBe('/nonsense')
  await ana.say('/msg Nobody hello')
  await notices.getByText('Nobody of that name is here').waitFor()
  await tell(ana, '/etc/hosts is a path')
  await has(ben, '/etc/hosts is a path')
  await ana.say('/quit')
  await page.getByRole('heading', { name: 'You left' }).waitFor()
  expect((await ben.conversation()).join(' ')).not.toMatch(/nonsense|hello|Butter/)
})

test('of a poll one may choose as many as the question allows', async () => {
  const ana = await enter('Ana', 'choosing')
  const ben = await enter('Ben', 'choosing')
  await ana.say('/poll')
  const dialog = ana.page.getByRole('dialog', { name: 'New poll' })
  await dialog.getByRole('textbox', { name: 'Question' }).fill('What to bring?')
  await dialog.getByRole('textbox', { name: 'Options' }).fill('Bread\n')
  await dialog.getByRole('button', { name: 'Start the poll' }).click()
  await dialog.getByText('A poll needs two to twenty options').waitFor()
  await dialog.getByRole('textbox', { name: 'Options' }).fill('Bread\nButter\nJam')
  await dialog.getByRole('checkbox').check()
  await dialog.getByRole('button', { name: 'Start the poll' }).click()
  const option = (name: string) => ben.page.getByRole('button', { name: new RegExp(`^${name}`) })
  for (const name of ['Bread', 'Jam']) {
    await option(name).click()
    await ben.page.getByRole('button', { name: new RegExp(`^${name}.*1 vote`), pressed: true }).waitFor()
  }
  await option('Bread').click()
  await ana.page.getByRole('button', { name: /^Bread.*0 votes/ }).waitFor()
  await ana.page.getByRole('button', { name: /^Jam.*1 vote/ }).waitFor()
  await ana.page.getByText('1 person').waitFor()
})

test('what the server refuses stands there as not sent, also after a reload, and is sent or thrown away', async () => {
  let refuses = true
  const ana = await enter('Ana', 'refusing', {
    prepare: (page) =>
      page.routeWebSocket(/\/socket$/, (socket) => {
        const way = socket.connectToServer()
        socket.onMessage((frame) => {
          const { type, id } = JSON.parse(String(frame))
          if (type !== 'send' || !refuses) return way.send(frame)
          socket.send(JSON.stringify({ type: 'error', id, code: 'message_gone', message: 'gone' }))
        })
      }),
  })
  const ben = await enter('Ben', 'refusing')
  const { page } = ana
  await ana.say('one')
  await ana.say('two')
  const failed = page.getByText('Not sent.')
  await failed.nth(1).waitFor()
  expect(await findings(page)).toEqual([])
  await page.reload()
  await chatOnly(page)
  await failed.nth(1).waitFor()
  refuses = false
  await page.getByRole('button', { name: 'Discard' }).first().click()
  await page.getByRole('button', { name: 'Try again' }).click()
  await message(ana, /two/).waitFor()
  await has(ben, 'two')
  expect(await failed.count()).toBe(0)
  expect(await ben.conversation()).not.toContain('one')
})

test('what could not be sent waits through a closed page', async () => {
  const ana = await enter('Ana', 'waiting')
  await tell(ana, 'before')
  await ana.page.context().setOffline(true)
  await stage.server.kill()
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
  await stage.server.restart()
  await ana.page.context().setOffline(false)
  await ana.page.reload()
  await chatOnly(ana.page)
  await until('it being sent once', ana.conversation, (all) => all.filter((each) => each === 'while away').length === 1)
  await until('nothing waiting', kept, (count) => count === 0)
})

test('files are sent in pieces over a bad line, and pictures are shown in place', async () => {
  const ana = await enter('Ana', 'files')
  const ben = await enter('Ben', 'files')
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

test('the start page tells what is unread', async () => {
  const ana = await enter('Ana', 'counting')
  const ben = await enter('Ben', 'counting')
  await has(ana, /Ben joined/)
  await has(ben, /Ben joined/)
  await ben.page.goto(stage.server.url)
  await has(ana, /Ben left/)
  await ana.say('one')
  await tell(ana, 'two')
  await ben.page.reload()
  await ben.page.getByRole('link', { name: /counting 2 new messages/ }).waitFor()
})
