import { expect, test } from 'vitest'
import { entrance, field } from './stage/chatter.ts'
import type { Person } from './stage/person.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

const lines = (person: Person, pattern: RegExp) => async () =>
  (await person.conversation()).filter((line) => pattern.test(line))

test('chat works without the call; who comes later reads what was said', { timeout: 60_000 }, async () => {
  const ana = await enter('Ana', 'letters')
  await ana.say('안녕하세요')
  await ana.say('<b>not bold</b> & safe')
  const ben = await enter('Ben', 'letters')
  await until('the history', lines(ben, /안녕하세요|not bold/), (all) => all.length === 2)
  expect(await lines(ben, /not bold/)()).toEqual(['<b>not bold</b> & safe'])
  const second = await enter('Ana', 'letters')
  await until('a name of her own', second.conversation, (all) => all.some((line) => line.includes('Ana 2')))
})

test('half a syllable is never sent', { timeout: 60_000 }, async () => {
  const ana = await enter('Ana', 'hangul')
  const box = field(ana.page)
  await box.focus()
  const keyboard = await ana.page.context().newCDPSession(ana.page)
  await keyboard.send('Input.imeSetComposition', { text: '하', selectionStart: 1, selectionEnd: 1 })
  await keyboard.send('Input.imeSetComposition', { text: '한', selectionStart: 1, selectionEnd: 1 })
  // Return while composing, as input methods send it: key code 229.
  await keyboard.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Process',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
  })
  await keyboard.send('Input.insertText', { text: '한' })
  expect(await box.inputValue()).toBe('한')
  await box.press('Enter')
  await until('one message', lines(ana, /^[하한]$/), (all) => all.join() === '한')
})

test('a killed server loses nothing and open pages come back by themselves', { timeout: 90_000 }, async () => {
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

test('{quit} leaves', { timeout: 60_000 }, async () => {
  const ana = await enter('Ana', 'goodbye')
  await ana.say('{quit}')
  await ana.page.getByRole('heading', { name: 'You left' }).waitFor()
})
