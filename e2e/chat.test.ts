import { expect, test } from 'vitest'
import { entrance, field, tell } from './stage/chatter.ts'
import type { Person } from './stage/person.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

const lines = (person: Person, pattern: RegExp) => async () =>
  (await person.conversation()).filter((line) => pattern.test(line))

test('chat works without the call; who comes later reads what was said', async () => {
  const ana = await enter('Ana', 'letters')
  await ana.say('안녕하세요')
  await ana.say('<b>not bold</b> & safe')
  const ben = await enter('Ben', 'letters')
  await until('the history', lines(ben, /안녕하세요|not bold/), (all) => all.length === 2)
  expect(await lines(ben, /not bold/)()).toEqual(['<b>not bold</b> & safe'])
  const second = await enter('Ana', 'letters')
  await until('a name of her own', second.conversation, (all) => all.some((line) => line.includes('Ana 2')))
})

test.each([
  { writing: 'Korean', steps: ['ㅎ', '하', '한'], written: '한' },
  { writing: 'Japanese', steps: ['n', 'に', 'にほ', 'にほん', '日本'], written: '日本' },
  { writing: 'Chinese', steps: ['n', 'ni', 'ni h', 'ni hao'], written: '你好' },
])('half a word is never sent: $writing', async ({ steps, written }) => {
  const ana = await enter('Ana', `composed-${written}`)
  const box = field(ana.page)
  await box.focus()
  const keyboard = await ana.page.context().newCDPSession(ana.page)
  for (const text of steps)
    await keyboard.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length })
  // Return while composing, as input methods send it: key code 229.
  await keyboard.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Process',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
  })
  await keyboard.send('Input.insertText', { text: written })
  expect(await box.inputValue()).toBe(written)
  await box.press('Enter')
  await tell(ana, 'The end')
  const said = await ana.page.getByRole('article').allInnerTexts()
  expect(said.map((text) => text.split('\n').at(-1))).toEqual([written, 'The end'])
})

test('a killed server loses nothing and open pages come back by themselves', async () => {
  const ana = await enter('Ana', 'storm')
  const ben = await enter('Ben', 'storm')
  for (let number = 0; number < 10; number += 1) await ana.say(`before ${number}`)
  await until('ten lines', lines(ben, /^before \d$/), (all) => all.length === 10)
  await stage.server.kill()
  for (let number = 0; number < 3; number += 1) await ana.say(`while away ${number}`)
  await stage.server.restart()
  const expected = [...Array(10).keys()].map((n) => `before ${n}`).concat([0, 1, 2].map((n) => `while away ${n}`))
  for (const person of [ana, ben]) {
    const seen = await until('everything', lines(person, /^(before|while away) \d$/), (all) => all.length >= 13)
    expect(seen).toEqual(expected)
  }
})

test('{quit} leaves', async () => {
  const ana = await enter('Ana', 'goodbye')
  await ana.say('{quit}')
  await ana.page.getByRole('heading', { name: 'You left' }).waitFor()
})
