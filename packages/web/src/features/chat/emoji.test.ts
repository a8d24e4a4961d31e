import { expect, test } from 'vitest'
import { findEmoji, loadEmoji, nameSigns, toned } from './emoji.ts'

test('names between colons become their signs, in words and not in code, addresses or times', async () => {
  const all = await loadEmoji('en')
  const cases: [string, string][] = [
    ['party :tada:', 'party 🎉'],
    [':TADA::tada:', '🎉:tada:'],
    ['(:+1:)', '(👍)'],
    ['안녕 :wave:!', '안녕 👋!'],
    ['no :such_thing: here', 'no :such_thing: here'],
    ['`:tada:` and :tada:', '`:tada:` and 🎉'],
    ['```\n:tada:\n```', '```\n:tada:\n```'],
    ['12:30:45', '12:30:45'],
    ['http://host:tada:8', 'http://host:tada:8'],
  ]
  for (const [typed, sent] of cases) expect(nameSigns(typed, all), typed).toBe(sent)
})

test('a sign is found by its name first, and in Korean by its label', async () => {
  expect(findEmoji(await loadEmoji('en'), 'tada', 3)[0]?.sign).toBe('🎉')
  expect(findEmoji(await loadEmoji('ko'), '고양이', 20).map(({ sign }) => sign)).toContain('🐱')
})

test('who has chosen a skin tone gets people and hands in it, and everything else as it is', async () => {
  const all = await loadEmoji('en')
  const inTone = (name: string, tone: number) => {
    const emoji = all.find(({ names }) => names.includes(name))
    return emoji && toned(emoji, tone)
  }
  expect([0, 1, 5].map((tone) => inTone('wave', tone))).toEqual(['👋', '👋🏻', '👋🏿'])
  expect([inTone('tada', 5), inTone('handshake', 3), inTone('point_up', 2)]).toEqual(['🎉', '🤝🏽', '☝🏼'])
  expect(nameSigns(':wave: :tada:', all, 4)).toBe('👋🏾 🎉')
  for (const { tones } of all) if (tones) expect(tones).toHaveLength(5)
})
