import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { entrance, field, message, tell } from './stage/chatter.ts'
import { arrived, visitor, words } from './stage/look.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

const files = (page: Page) => page.getByRole('list', { name: 'Files of this message' })
const notice = (page: Page, text: string) => page.getByRole('region', { name: 'Notices' }).getByText(text).waitFor()

/** Lets files and folders of this computer fall onto the page, as a browser itself would be told of them; `meanwhile` they are held over it. */
async function drop(page: Page, paths: readonly string[], meanwhile = async () => {}): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [...paths], dragOperationsMask: 1 }
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    session.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data })
  await drag('dragEnter')
  await drag('dragOver')
  await meanwhile()
  await drag('drop')
}

test('a folder, an empty file and a name without end are told apart from what can be sent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'maru-e2e-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string) => join(folder, name)
  mkdirSync(path('holiday'))
  writeFileSync(path('empty.txt'), '')
  writeFileSync(path(`${'long'.repeat(50)}.txt`), 'long')
  writeFileSync(path('🎉 list.txt'), 'bread')
  const ana = await enter('Ana', 'odd-files')
  await drop(ana.page, [path('holiday')])
  await notice(ana.page, 'A folder cannot be sent.')
  expect(new URL(ana.page.url()).pathname).toBe('/r/odd-files')
  expect(await files(ana.page).count()).toBe(0)
  await drop(ana.page, ['holiday', 'empty.txt', `${'long'.repeat(50)}.txt`, '🎉 list.txt'].map(path))
  await files(ana.page).getByText('The file is empty.').waitFor()
  expect(await files(ana.page).getByRole('listitem').count()).toBe(3)
  // Whatever a file is called, what can be done with it is in reach.
  const width = await ana.page.evaluate(() => innerWidth)
  for (const button of await files(ana.page).getByRole('button').all()) {
    const box = await button.boundingBox()
    expect((box?.x ?? width) + (box?.width ?? 0)).toBeLessThanOrEqual(width)
  }
  await field(ana.page).press('Enter')
  await notice(ana.page, 'A file could not be sent: try it again or remove it.')
  await files(ana.page).getByRole('button', { name: 'Remove empty.txt' }).click()
  const send = ana.page.getByRole('button', { name: 'Send', exact: true })
  await until(
    'the files being there',
    () => send.isEnabled(),
    (isEnabled) => isEnabled,
  )
  await send.click()
  await ana.page.getByRole('link', { name: 'Save 🎉 list.txt, 5 B' }).waitFor()
})

test('a file falls into the message although the page has put something else under it', async () => {
  const ana = await enter('Ana', 'moving')
  await drop(ana.page, [join(import.meta.dirname, 'chat-edges.test.ts')], async () => {
    await ana.page.getByText('Let go to add them to your message').waitFor()
    await ana.page.evaluate(() => {
      const other = document.createElement('div')
      other.style.cssText = 'position: fixed; inset: 0'
      document.body.append(other)
    })
  })
  await files(ana.page).getByText('chat-edges.test.ts').first().waitFor()
})

test('of a text that an office copies with a picture of it the text is pasted', async () => {
  const ana = await enter('Ana', 'office')
  const paste = (kinds: readonly string[]) =>
    field(ana.page).evaluate((area, kinds) => {
      const data = new DataTransfer()
      for (const kind of kinds) data.setData(kind, 'cells')
      data.items.add(new File(['x'], 'image.png', { type: 'image/png' }))
      return area.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data }))
    }, kinds)
  // True: the browser goes on and puts the text into the field.
  expect(await paste(['text/plain', 'text/html'])).toBe(true)
  expect(await files(ana.page).count()).toBe(0)
  // A picture of a page, with the address of it alone, and a file of a folder, with its name alone.
  expect(await paste(['text/html'])).toBe(false)
  expect(await paste(['text/plain'])).toBe(false)
  await until(
    'two files',
    () => files(ana.page).getByRole('listitem').count(),
    (count) => count === 2,
  )
})

test('what is deleted while it is answered or edited is answered no more, and what was written stays', async () => {
  const ana = await enter('Ana', 'gone-meanwhile')
  const ben = await enter('Ben', 'gone-meanwhile')
  await tell(ben, 'a question')
  await message(ana, /a question/).focus()
  // The letter of its place, where the keyboard writes another script.
  await message(ana, /a question/).dispatchEvent('keydown', { key: 'ㄱ', code: 'KeyR' })
  await ana.page.getByText('Answer to Ben').waitFor()
  await field(ana.page).pressSequentially('my answer')
  await message(ben, /a question/).press('Delete')
  await ben.page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).press('Enter')
  await notice(ana.page, 'The message is gone.')
  expect(await ana.page.getByText('Answer to Ben').count()).toBe(0)
  expect(await field(ana.page).inputValue()).toBe('my answer')
  await field(ana.page).press('Enter')
  await message(ben, /my answer/).waitFor()
})

test('an answer to what is gone when it comes is not sent, and may go as a message of its own, to nobody else', async () => {
  let isHeld = true
  const release: (() => void)[] = []
  const ana = await enter('Ana', 'late-answers', {
    prepare: (page) =>
      page.routeWebSocket(/\/socket$/, (socket) => {
        const way = socket.connectToServer()
        socket.onMessage((frame) => {
          if (isHeld && JSON.parse(String(frame)).type === 'send') release.push(() => way.send(frame))
          else way.send(frame)
        })
      }),
  })
  const ben = await enter('Ben', 'late-answers')
  const cem = await enter('Cem', 'late-answers')
  await tell(ben, 'a question')
  await field(ben.page).fill('/msg Ana a secret')
  await field(ben.page).press('Enter')
  for (const [said, answer, anew] of [
    [/a question/, 'to all', 'Send as a new message'],
    [/a secret/, 'to Ben', 'Send it to Ben alone'],
  ] as const) {
    await message(ana, said).press('r')
    await ana.say(answer)
    await message(ben, said).press('Delete')
    await ben.page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).press('Enter')
    await message(ana, /was deleted/)
      .last()
      .waitFor()
    await until(
      'the answer',
      async () => release.length,
      (count) => count === 1,
    )
    isHeld = false
    for (const each of release.splice(0)) each()
    await ana.page.getByText('Not sent. The message it answers is gone.').waitFor()
    expect(await ana.page.getByRole('button', { name: 'Try again' }).count()).toBe(0)
    await ana.page.getByRole('button', { name: anew }).click()
    await message(ben, answer).waitFor()
    await ana.page.getByText('Not sent.').waitFor({ state: 'detached' })
    isHeld = true
  }
  await tell(ben, 'the end')
  await message(cem, 'the end').waitFor()
  expect(await message(cem, 'to all').count()).toBe(1)
  expect(await message(cem, 'to Ben').count()).toBe(0)
})

test.each([
  { width: 1280, height: 800 },
  { width: 390, height: 780 },
])('a notice covers neither what was said last nor the field, at $width px', async (viewport) => {
  const { page } = await enter('Ana', `notices-${viewport.width}`, { viewport })
  const notices = page.getByRole('region', { name: 'Notices' })
  /** How far below the notice a part of the page begins, in px. */
  const below = async (part: Locator) => {
    const [above, box] = [await notices.boundingBox(), await part.boundingBox()]
    return (box?.y ?? Number.NaN) - (above ? above.y + above.height : Number.NaN)
  }
  const noticed = async (label: string) => {
    const box = page.getByRole('textbox', { name: label })
    await box.fill('/nonsense')
    await box.press('Enter')
    await notices.getByText('There is no /nonsense.').waitFor()
    await arrived(page)
    expect(await below(page.getByRole('article').last())).toBeGreaterThanOrEqual(0)
    expect(await below(page.locator('form'))).toBeGreaterThan(0)
    await box.fill('')
    await notices.getByRole('button').click()
    await notices.waitFor({ state: 'hidden' })
  }
  for (let line = 1; line <= 30; line += 1)
    await field(page)
      .fill(`line ${line}`)
      .then(() => field(page).press('Enter'))
  await message({ page }, /line 30/).waitFor()
  await noticed('Message to everyone')
  // A thread begins at the top.
  await message({ page }, /line 30/).press('t')
  const answer = page.getByRole('textbox', { name: 'Answer in this thread' })
  await answer.fill('an answer')
  await answer.press('Enter')
  await message({ page }, /an answer/).waitFor()
  await noticed('Answer in this thread')
})

test('a notice that stands while a dialog opens is in front of it and can be dismissed there', async () => {
  const { page } = await enter('Ana', 'notice-in-front')
  const type = async (text: string) => {
    await field(page).fill(text)
    await field(page).press('Enter')
  }
  await type('/nonsense')
  // Who points at a notice keeps it.
  await page.getByRole('region', { name: 'Notices' }).getByText('There is no /nonsense.').hover()
  await type('/invite')
  const dialog = page.getByRole('dialog')
  const inFront = dialog.getByRole('region', { name: 'Notices' })
  await inFront.getByText('There is no /nonsense.').hover()
  await inFront.getByRole('button').click()
  await inFront.waitFor({ state: 'hidden' })
  expect(await dialog.isVisible()).toBe(true)
})

test('what is typed behind /search is looked for, and the hint breaks no date', async () => {
  const context = await visitor(stage.chromium, '봄이', {
    language: 'ko',
    viewport: { width: 390, height: 780 },
    dark: true,
  })
  const page = await context.newPage()
  await page.goto(`${stage.server.url}/r/hint`)
  await page.getByRole('button', { name: words.ko.prejoin.chatOnly }).click()
  const box = page.getByRole('textbox', { name: words.ko.chat.write })
  await box.fill('따뜻한 빵')
  await box.press('Enter')
  await page.getByRole('article', { name: /따뜻한/ }).waitFor()
  await box.fill('/search 빵')
  await box.press('Enter')
  const dialog = page.getByRole('dialog', { name: words.ko.more.dialogs.search })
  await dialog.getByText(words.ko.more.hits(1, false)).waitFor()
  expect(await dialog.getByRole('searchbox').inputValue()).toBe('빵')
  const lines = await dialog
    .locator('p[id$=below] span')
    .evaluateAll((parts) => parts.map((part) => [part.textContent, part.getClientRects().length]))
  expect(lines).toEqual([
    ['before:2026-07-14,', 1],
    ['after:2026-07-14', 1],
  ])
})
