import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import type { Locator, Page } from 'playwright-core'
import { decodeQR } from 'qr/decode.js'
import { expect, test } from 'vitest'
import { openContext } from './stage/browsers.ts'
import { chatOnly, chatter, entrance, field, has, tell } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

const settingsOf = async (page: Page) => {
  await page.getByRole('button', { name: 'Settings' }).click()
  const dialog = page.getByRole('dialog', { name: 'Settings' })
  await dialog.getByText('this one').waitFor()
  return dialog
}

test('an owner renames herself, says what is kept, and makes another owner', async () => {
  const ana = await enter('Ana', 'rules')
  const ben = await enter('Ben', 'rules')
  await has(ana, /Ben joined/)
  const settings = await settingsOf(ana.page)
  expect(await findings(ana.page)).toEqual([])
  await ana.photograph('settings')
  await settings.getByRole('textbox', { name: 'Your name' }).fill('Anna')
  await settings.getByRole('button', { name: 'Change the name' }).click()
  await has(ben, /Ana is now called Anna/)
  await settings.getByRole('combobox', { name: 'What is kept' }).selectOption('days')
  await settings.getByRole('spinbutton', { name: 'Days' }).fill('0')
  await settings.getByRole('button', { name: 'Keep it so' }).click()
  await settings.getByText('A number of days from 1 to 3650.').waitFor()
  await settings.getByRole('spinbutton', { name: 'Days' }).fill('7')
  await settings.getByRole('button', { name: 'Keep it so' }).click()
  await ben.page.getByText('Messages are kept for 7 days.').first().waitFor()
  await settings.getByLabel('Choose a person').selectOption('Ben')
  await settings.getByRole('button', { name: 'Make an owner' }).click()
  await has(ben, /made Ben an owner too/)
  const hers = await settingsOf(ben.page)
  await hers.getByRole('combobox', { name: 'What is kept' }).waitFor()

  // Who comes later sees nothing of before, and reads that it is so.
  await settings.getByRole('button', { name: 'Close', exact: true }).click()
  await tell(ana, 'Before Cho')
  await settingsOf(ana.page)
  await settings.getByRole('combobox', { name: 'What is kept' }).selectOption('joined')
  await settings.getByRole('button', { name: 'Keep it so' }).click()
  await has(ben, /Everybody sees what was said since they first came/)
  const cho = await enter('Cho', 'rules')
  await cho.page.getByText('Everybody sees what was said since they first came.').first().waitFor()
  await tell(cho, 'After Cho')
  await has(ben, 'After Cho')
  expect(await cho.conversation()).not.toContain('Before Cho')
  expect(await ben.conversation()).toContain('Before Cho')
})

test('a membership goes to another device, is ended there, and is forgotten everywhere', async () => {
  const ana = await enter('Ana', 'moving')
  await tell(ana, 'Mine')
  await ana.say('/topic Moving')
  await has(ana, 'Ana set the topic: Moving')
  await ana.page.evaluate(() => {
    const clipboard = {
      async writeText(text: string) {
        document.title = text
      },
    }
    Object.defineProperty(navigator, 'clipboard', { value: clipboard })
  })
  const settings = await settingsOf(ana.page)
  await settings.getByRole('button', { name: 'Take it to another device' }).click()
  await settings.getByRole('button', { name: 'Copy the link instead' }).click()
  const address = await until(
    'the link',
    () => ana.page.title(),
    (title) => title.includes('#transfer='),
  )

  const context = await openContext(stage.chromium)
  const phone = await context.newPage()
  await phone.goto(address)
  await phone.getByRole('dialog', { name: 'Go on as Ana here?' }).waitFor()
  expect(await findings(phone)).toEqual([])
  expect(phone.url()).not.toContain('transfer')
  await phone.getByRole('button', { name: 'Go on as Ana' }).click()
  await chatOnly(phone)
  await phone.getByRole('article', { name: /Mine/ }).press('e')
  await field(phone).fill('Mine, from the phone')
  await phone.keyboard.press('Enter')
  await has(ana, 'Mine, from the phone')

  const again = await context.newPage()
  await again.goto(address)
  await again.getByRole('button', { name: 'Go on as Ana' }).click()
  await again.getByRole('heading', { name: 'This code does not work any more' }).waitFor()
  await again.close()

  await settings.getByRole('button', { name: 'Close' }).click()
  const devices = await settingsOf(ana.page)
  await devices.getByRole('button', { name: /^End the session on/ }).click()
  await phone.getByRole('heading', { name: 'You were signed out here' }).waitFor()
  await context.close()

  await devices.getByRole('button', { name: 'Forget me' }).click()
  await devices.getByRole('button', { name: 'Delete all of it' }).click()
  await ana.page.getByRole('button', { name: 'Open room' }).waitFor()
  const left = await ana.page.evaluate(async () => ({
    keys: Object.keys(localStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
  }))
  expect(left).toEqual({ keys: [], databases: [] })
  const ben = await enter('Ben', 'moving')
  await has(ben, 'Former member')
  await has(ben, /^Former member set the topic/)
  expect((await ben.conversation()).join(' ')).not.toContain('Mine')
})

/** What a camera reads in a part of the page. */
async function scan(part: Locator): Promise<string> {
  const picture = (await part.screenshot()).toString('base64')
  const paper = await part.page().context().newPage()
  const { data, width, height } = await paper.evaluate(async (base64) => {
    const image = new Image()
    image.src = `data:image/png;base64,${base64}`
    await image.decode()
    const { width, height } = image
    const context = new OffscreenCanvas(width, height).getContext('2d')
    context?.drawImage(image, 0, 0)
    return { data: [...(context?.getImageData(0, 0, width, height).data ?? [])], width, height }
  }, picture)
  await paper.close()
  return decodeQR({ data: Uint8Array.from(data), width, height })
}

test('the code on the screen makes the device that reads it the same member', async () => {
  // A name that leads to this machine alone is shown no code.
  const [host] = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
  const url = `https://${host?.address}:${stage.server.port}`
  const ana = await chatter(stage.chromium, { url, room: 'scanned', name: 'Ana' })
  await tell(ana, 'Written on the desk')
  const settings = await settingsOf(ana.page)
  await settings.getByRole('button', { name: 'Take it to another device' }).click()
  const code = settings.getByRole('img', { name: 'Code that makes another device the same member' })
  await code.scrollIntoViewIfNeeded()
  const address = await scan(code)
  expect(address).toContain(`${url}/r/scanned#transfer=`)

  const context = await openContext(stage.chromium, { viewport: { width: 390, height: 844 } })
  const phone = await context.newPage()
  await phone.goto(address)
  await phone.getByRole('button', { name: 'Go on as Ana' }).click()
  await chatOnly(phone)
  await phone.getByRole('article', { name: /Written on the desk/ }).press('e')
  await field(phone).fill('Mended on the phone')
  await phone.keyboard.press('Enter')
  await has(ana, 'Mended on the phone')
  await context.close()
})

declare global {
  interface Window {
    told: string[]
  }
}

test('the conversation is taken along, as a page and as data', async () => {
  const ana = await enter('Ana', 'along')
  await tell(ana, 'Kept <for> later')
  const settings = await settingsOf(ana.page)
  const save = async (name: string) => {
    const [download] = await Promise.all([
      ana.page.waitForEvent('download'),
      settings.getByRole('button', { name }).click(),
    ])
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') }
  }
  const page = await save('As a page')
  expect(page.name).toBe('along.html')
  expect(page.text).toContain('Kept &lt;for&gt; later')
  const data = await save('As data (JSON)')
  expect(data.name).toBe('along.json')
  expect(JSON.parse(data.text)).toMatchObject({ room: { name: 'along' }, entries: [{}, { text: 'Kept <for> later' }] })
})

test('notifications: being called by default, everything or nothing by choice', async () => {
  const ana = await enter('Ana', 'calling')
  const ben = await enter('Ben', 'calling')
  await has(ana, /Ben joined/)
  await ana.page.context().grantPermissions(['notifications'])
  await ana.page.evaluate(() => {
    window.told = []
    const Told = class {
      static permission = 'granted'
      constructor(title: string, { body }: { body: string }) {
        window.told.push(`${title}: ${body}`)
      }
      close() {}
    }
    Object.assign(window, { Notification: Told })
    document.hasFocus = () => false
  })
  const told = () => ana.page.evaluate(() => window.told)
  await ben.say('Just so')
  await ben.say('Come, @Ana')
  await until('the call being told', told, (all) => all.length > 0)
  expect(await told()).toEqual(['Ben · calling: Come, @Ana'])

  const settings = await settingsOf(ana.page)
  await settings.getByRole('radio', { name: 'Every message' }).check()
  await settings.getByRole('button', { name: 'Close' }).click()
  await ben.say('Anything')
  await until('it being told', told, (all) => all.at(-1) === 'Ben · calling: Anything')
  await settingsOf(ana.page)
  await settings.getByRole('radio', { name: 'Nothing' }).check()
  await settings.getByRole('button', { name: 'Close' }).click()
  await ben.say('Once more, @Ana')
  await has(ana, 'Once more, @Ana')
  await settingsOf(ana.page)
  await settings.getByRole('radio', { name: 'Every message' }).check()
  await settings.getByRole('button', { name: 'Close' }).click()
  await ben.say('The end')
  await until('the next one being told', told, (all) => all.at(-1) === 'Ben · calling: The end')
  expect(await told()).toHaveLength(3)
})

test('what calls me is counted apart, in the room and on the start page', async () => {
  const ana = await enter('Ana', 'apart')
  const ben = await enter('Ben', 'apart')
  await has(ana, /Ben joined/)
  await ana.page.reload()
  await ana.page.getByRole('button', { name: 'Join', exact: true }).waitFor()
  await ben.say('one')
  await ben.say('two, @Ana')
  await ana.page.getByRole('button', { name: 'Chat , 2 new messages , 1 calls you' }).waitFor()
  await until(
    'the title',
    () => ana.page.title(),
    (title) => title.startsWith('(1) '),
  )
  await ana.page.goto(stage.server.url)
  await ana.page.getByRole('link', { name: /apart 2 new messages @?1 calls you/ }).waitFor()
  await ana.page.getByText('Ben: two, @Ana').waitFor()
  expect(await findings(ana.page)).toEqual([])
  await ana.photograph('landing-unread')
  await ana.page.getByRole('button', { name: 'Take apart off this list' }).click()
  await ana.page.reload()
  await ana.page.getByText('The conversation stays').waitFor()
  await tell(ben, 'three')
  await ana.page.reload()
  await ana.page.getByText('Ben: three').waitFor()
})
