import { expect, test } from 'vitest'
import { entrance, field, has, leadsTo, message, tell } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import type { Person } from './stage/person.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

/** What a search shows, the newest first: what is marked in each message. */
async function find(person: Person, query: string): Promise<{ text: string; marks: string[] }[]> {
  const dialog = person.page.getByRole('dialog', { name: 'Search this room' })
  // Another answer than the one that may stand there.
  await dialog.getByRole('searchbox').fill('')
  await until(
    'nothing being looked for',
    () => dialog.getByRole('status').innerText(),
    (text) => text.trim() === '',
  )
  await dialog.getByRole('searchbox').fill(query)
  await until(
    `an answer to ${query}`,
    () => dialog.getByRole('status').innerText(),
    (text) => /found/.test(text),
  )
  const hits = await dialog.getByRole('listitem').all()
  return Promise.all(
    hits.map(async (hit) => ({
      text: await hit.locator('button > span').last().innerText(),
      marks: await hit.locator('mark').allInnerTexts(),
    })),
  )
}

test('words, phrases, beginnings and Korean are found, by whom and when, with what was edited and deleted', async () => {
  const ana = await enter('Ana', 'findable')
  const ben = await enter('Ben', 'findable')
  await tell(ana, 'Fresh bread and butter')
  await tell(ben, 'Butter, and no bread today')
  await tell(ana, '오늘 점심은 국수예요')
  await tell(ben, 'A secret word')
  await tell(ben, 'A lunch at twelve')
  await ben.page
    .getByLabel('Add files')
    .setInputFiles([{ name: 'list.txt', mimeType: 'text/plain', buffer: Buffer.from('bread') }])
  await field(ben.page).fill('The list')
  const send = ben.page.getByRole('button', { name: 'Send', exact: true })
  await until(
    'the file being there',
    () => send.isEnabled(),
    (isEnabled) => isEnabled,
  )
  await send.click()
  await ana.page.getByRole('link', { name: 'Save list.txt, 5 B' }).waitFor()
  await message(ben, /secret/).press('Delete')
  await ben.page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).press('Enter')
  await message(ben, /twelve/).press('e')
  await field(ben.page).fill('A lunch at one')
  await field(ben.page).press('Enter')
  await has(ana, 'A lunch at one')
  await has(ana, 'This message was deleted.')

  await ana.page.getByRole('button', { name: 'Search this room' }).click()
  const texts = async (query: string) => (await find(ana, query)).map(({ text }) => text)
  const both = ['Butter, and no bread today', 'Fresh bread and butter']
  expect(await find(ana, 'bread butter')).toEqual([
    { text: both[0], marks: ['Butter', 'bread'] },
    { text: both[1], marks: ['bread', 'butter'] },
  ])
  expect(await texts('"bread and butter"')).toEqual([both[1]])
  expect(await texts('butt*')).toEqual(both)
  expect(await texts('butt')).toEqual([])
  expect(await find(ana, '국수')).toEqual([{ text: '오늘 점심은 국수예요', marks: ['국수'] }])
  expect(await texts('bread from:ben')).toEqual([both[0]])
  expect(await texts('has:file')).toEqual(['The list'])
  expect(await texts('bread after:2020-01-01')).toEqual(both)
  expect(await texts('bread before:2020-01-01')).toEqual([])
  expect([await texts('secret'), await texts('twelve'), await texts('one')]).toEqual([[], [], ['A lunch at one']])
  // What finds nothing because of how it is asked says so, and what to do.
  for (const [query, answer] of [
    ['from:nobody', /^Nobody in this room has the name behind "from:"\. Write from:Ana/],
    ['bread before:2020-02-30', /^Behind "before:" stands a day/],
    ['has:', /^Behind "has:" stands only "file": has:file/],
  ] as const) {
    await ana.page.getByRole('searchbox').fill(query)
    await until(
      `an answer to ${query}`,
      () => ana.page.getByRole('dialog', { name: 'Search this room' }).getByRole('status').innerText(),
      (text) => answer.test(text),
    )
  }
  expect(await findings(ana.page)).toEqual([])
})

test('a quote and a hit lead to their message, with what was said around it, and a button leads back', async () => {
  const ana = await enter('Ana', 'far')
  const ben = await enter('Ben', 'far')
  await tell(ana, 'Who has the key?')
  await tell(ana, 'It hung by the door')
  await has(ben, 'It hung by the door')
  const paragraphs = (count: number) => Array.from({ length: count }, (_, line) => `Line ${line}`).join('\n')
  for (let part = 0; part < 4; part += 1) await tell(ana, `Part ${part}\n${paragraphs(40)}`)
  await has(ben, 'Part 3')
  await leadsTo(ben, 'key', async () => {
    await ben.page.getByRole('button', { name: 'Search this room' }).click()
    await ben.page.getByRole('searchbox').fill('key')
    await ben.page.locator('mark').first().click()
  })
  await message(ben, /by the door/).waitFor()
  // What one was led to has the focus: it can be answered at once.
  await until(
    'the focus on the message',
    () => message(ben, /key/).evaluate((article) => article === document.activeElement),
    (isThere) => isThere,
  )
  await ben.page.keyboard.press('r')
  await ben.say('I do')
  await message(ben, /I do/).waitFor()
  const quote = ana.page.getByRole('button', { name: 'Answer to Ana. Go to that message' })
  await quote.waitFor()
  expect(await message(ana, /key/).count()).toBe(0)
  await leadsTo(ana, 'key', () => quote.press('Enter'))
  await ana.page.getByRole('button', { name: 'Latest messages' }).click()
  await quote.waitFor()
})
