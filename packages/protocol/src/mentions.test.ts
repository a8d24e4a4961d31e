import { expect, test } from 'vitest'
import { findMentions, keysIn, readAddressee } from './mentions.ts'
import { nameKey } from './names.ts'

const people = [
  { id: 'kim', name: 'Kim' },
  { id: 'kimmy', name: 'Kim Young' },
  { id: 'jimin', name: '지민' },
  { id: 'ligature', name: 'ﬁn' },
  { id: 'family', name: '👨‍👩‍👧' },
]
const called = (text: string, of = people) => findMentions(text, of).map(({ member }) => member)

test('the longest name is called, capitals or not, and none inside a word, an address or code', () => {
  expect(called('@kim, @KIM YOUNG! @kimono a@kim @@kim `@kim` ```\n@kim\n``` @지민은')).toEqual([
    'kim',
    'kimmy',
    'jimin',
  ])
  expect(called('@ﬁn @fin @👨‍👩‍👧 (@Everyone)')).toEqual(['ligature', 'ligature', 'family', 'everyone'])
  expect(findMentions('hi @kim young', people)).toEqual([{ start: 3, end: 13, member: 'kimmy' }])
})

test('nobody takes the call to everyone by name, or looks like somebody else by what shows nothing', () => {
  expect(called('@everyone', [{ id: 'thief', name: 'Everyone' }])).toEqual(['everyone'])
  expect(nameKey('Ki\u200dm\u034f\ufe0f')).toBe(nameKey('kim'))
})

test('a text of nothing but calls in a large room does not hold up the server', () => {
  const crowd = Array.from({ length: 2_000 }, (_, n) => ({ id: `${n}`, name: `${'ﷺ'.repeat(30)} ${n}` }))
  const times = [1, 2, 3, 4, 5].map(() => {
    const before = performance.now()
    findMentions('@s '.repeat(1_333), crowd)
    findMentions(`@${'s'.repeat(20)}`.repeat(190), crowd)
    return performance.now() - before
  })
  // The best of them: others may have had the processor meanwhile.
  expect(Math.min(...times)).toBeLessThan(1_000)
})

test('who is known by the key of a name is called as by the name, and no other keys matter', () => {
  const byKey = new Map(people.map(({ id, name }) => [nameKey(name), id]))
  const texts = [
    '@kim, @KIM YOUNG! @kimono `@kim` @지민은 @Everyone',
    '@ﬁn @fin @👨‍👩‍👧',
    '@@kim a@kim @',
    '@nobody at all',
  ]
  for (const text of texts) {
    const meant = new Map([...byKey].filter(([key]) => keysIn(text).includes(key)))
    expect(findMentions(text, meant)).toEqual(findMentions(text, people))
  }
  expect(keysIn('no call, and a@b.example')).toEqual([])
})

test('a text has so many keys and no more, whatever it is made of', () => {
  const syllables = Array.from({ length: 1_333 }, (_, n) => `@${String.fromCodePoint(0xac00 + n)} `).join('')
  const long = Array.from({ length: 190 }, (_, n) => `@${'가나다라마바사아자차카타파하각난'.slice(n % 16)}! `).join('')
  for (const text of [syllables, long]) expect(keysIn(text).length).toBeLessThanOrEqual(100 * 80)
})

test('who a text is for is told by the whole name it begins with, with an @ or without', () => {
  const people = ['Ana', 'Ana Lee', '지민', '🎉', 'O`Hara'].map((name) => ({ id: name, name }))
  const read = (text: string) => {
    const found = readAddressee(text, people)
    return found && [found.to.id, found.text]
  }
  for (const [text, found] of [
    ['Ana hello', ['Ana', 'hello']],
    ['@ana lee  hello\nyou', ['Ana Lee', 'hello\nyou']],
    ['Ana Leeds is far', ['Ana', 'Leeds is far']],
    ['지민 안녕', ['지민', '안녕']],
    ['🎉 hi', ['🎉', 'hi']],
    ['o`hara hi', ['O`Hara', 'hi']],
    [' Ana ', ['Ana', '']],
    ['Anabel hello', undefined],
    ['지민은 안녕', undefined],
    ['Ana-Maria hello', undefined],
    ['Cem, where is @Ana', undefined],
    ['everyone hello', undefined],
    ['', undefined],
  ] as const)
    expect([text, read(text)]).toEqual([text, found])
})
