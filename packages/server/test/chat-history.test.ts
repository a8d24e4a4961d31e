import { expect, test } from 'vitest'
import { type ChatHistory, findFaults, type Told } from './chat-history.ts'

const stored: Told[] = [
  { seq: 3, clientId: 'Ana 1' },
  { seq: 4, clientId: 'Ben 1' },
  { seq: 7, clientId: 'Ana 2' },
]
const [first, second, third] = stored as [Told, Told, Told]
const sound: ChatHistory = {
  written: { Ana: ['Ana 1', 'Ana 2'], Ben: ['Ben 1'] },
  acknowledged: ['Ana 1', 'Ben 1', 'Ana 2'],
  stored,
  witnesses: { Ana: stored, Ben: stored },
}
const heardByBen = (told: Told[]): ChatHistory => ({ ...sound, witnesses: { Ana: stored, Ben: told } })

test('a sound history has no faults, and what was never acknowledged may be missing', () => {
  expect(findFaults(sound)).toEqual([])
  const unsaid = { ...sound, written: { ...sound.written, Cy: ['Cy 1'] } }
  expect(findFaults(unsaid)).toEqual([])
})

test.each<[string, ChatHistory, string[]]>([
  [
    'an acknowledged message that is not stored',
    { ...sound, acknowledged: [...sound.acknowledged, 'Ben 2'] },
    ['Ben 2 was acknowledged and is lost'],
  ],
  ['one that somebody was not told of', heardByBen([first, third]), ['Ben never heard Ben 1']],
  ['one that was told twice', heardByBen([first, second, second, third]), ['Ben has Ben 1 twice']],
  ['two that were swapped on their way', heardByBen([second, first, third]), ['Ben has number 3 after 4']],
  [
    'one told under another number',
    heardByBen([first, { ...second, seq: 5 }, third]),
    ['Ben heard Ben 1 as number 5, the disk holds it as 4'],
  ],
  [
    'one told that is not stored',
    heardByBen([...stored, { seq: 8, clientId: 'Ana 3' }]),
    ['Ben heard Ana 3, which is not stored'],
  ],
  [
    'one stored twice',
    { ...sound, stored: [...stored, { seq: 8, clientId: 'Ana 2' }], witnesses: {} },
    ['the disk has Ana 2 twice'],
  ],
  [
    'two of one author that were swapped before they were stored',
    { ...sound, written: { ...sound.written, Ana: ['Ana 2', 'Ana 1'] } },
    ['Ana 1 of Ana overtook what was written before'],
  ],
  ['one that nobody wrote', { ...sound, written: { Ana: ['Ana 1', 'Ana 2'] } }, ['nobody wrote Ben 1']],
])('it finds %s', (_what, history, faults) => {
  expect(findFaults(history)).toEqual(faults)
})
