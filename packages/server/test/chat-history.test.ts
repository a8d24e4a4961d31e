import { expect, test } from 'vitest'
import { type ChatHistory, findFaults, type Snapshot, type Stretch, type Told } from './chat-history.ts'

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
  witnesses: { Ana: [{ told: stored }], Ben: [{ told: stored }] },
}
const withBen = (...stretches: Stretch[]): ChatHistory => ({
  ...sound,
  witnesses: { Ana: [{ told: stored }], Ben: stretches },
})
const heardByBen = (told: Told[]): ChatHistory => withBen({ told })

/** A room in which much was said while Ben was away: he starts over with its newest lines. */
const many: Told[] = Array.from({ length: 1_000 }, (_, n) => ({ seq: n + 3, clientId: `Ana ${n}` }))
const startedOver = (snapshot: Partial<Snapshot>, told = many.slice(900)): ChatHistory => ({
  written: { Ana: many.map(({ clientId }) => clientId) },
  acknowledged: [],
  stored: many,
  witnesses: {
    Ben: [
      { told: many.slice(0, 10) },
      { told, snapshot: { held: 12, cursor: 950, first: 903, hasOlder: true, ...snapshot } },
    ],
  },
})

test('a sound history has no faults, and what was never acknowledged may be missing', () => {
  expect(findFaults(sound)).toEqual([])
  const unsaid = { ...sound, written: { ...sound.written, Cy: ['Cy 1'] } }
  expect(findFaults(unsaid)).toEqual([])
  expect(findFaults(startedOver({}))).toEqual([])
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
  [
    'a snapshot where little was missed',
    startedOver({ held: 500 }),
    ['Ben had to start over at 950, having missed only what came after 500'],
  ],
  [
    'a snapshot that hides that there is more',
    startedOver({ hasOlder: false }),
    ['Ben was not told that there is more before 903'],
  ],
  ['a hole in a snapshot', startedOver({}, many.slice(900).toSpliced(7, 1)), ['Ben never heard Ana 907']],
  ['a snapshot that ends before it says', startedOver({}, many.slice(900, 999)), ['Ben never heard Ana 999']],
  [
    'a hole before a snapshot',
    {
      ...startedOver({}),
      witnesses: {
        Ben: [{ told: many.slice(0, 10).toSpliced(4, 1) }, ...(startedOver({}).witnesses.Ben ?? []).slice(1)],
      },
    },
    ['Ben never heard Ana 4'],
  ],
])('it finds %s', (_what, history, faults) => {
  expect(findFaults(history)).toEqual(faults)
})
