import { expect, test } from 'vitest'
import { afterLead, afterScroll, atEnd, reachesEnd, type Stand, type View } from './stand.ts'

const view = (offset: number, whole = 2_000, viewport = 500): View => ({ offset, viewport, whole })
const end = atEnd(view(1_500))
/** Each view after the other, as scrolling tells of them. */
const through = (stand: Stand, ...views: View[]): Stand['at'] => views.reduce(afterScroll, stand).at

test('who scrolls up leaves the end, by one leap or by many small steps', () => {
  expect(through(end, view(1_400))).toBe('free')
  const steps = Array.from({ length: 10 }, (_, step) => view(1_497 - step * 3))
  expect(through(end, ...steps.slice(0, 8))).toBe('end')
  expect(through(end, ...steps)).toBe('free')
})

test('what grows below moves the end away from nobody, however much it is and whenever that is told', () => {
  expect(through(end, view(1_500, 9_000))).toBe('end')
  expect(through(end, view(1_490, 9_000), view(1_488, 9_500))).toBe('end')
  // A picture, a row that was measured, the line that tells who has read: each with an event of its own.
  expect(through(end, view(1_500, 2_300), view(1_500, 2_340), view(1_500, 2_360))).toBe('end')
})

test('rows that take less room than was thought take the end with them, and so does a view that becomes larger', () => {
  expect(through(end, view(700, 1_200), view(700, 3_000))).toBe('end')
  expect(through(end, view(1_100, 2_000, 900), view(1_100, 2_400, 900))).toBe('end')
  expect(through(end, view(1_500, 2_000, 200))).toBe('end')
})

test('who scrolls up while something shrinks or grows leaves all the same', () => {
  expect(through(end, view(1_200, 1_900))).toBe('free')
  expect(through(end, view(1_380, 4_000))).toBe('free')
})

test('steps up and down again are no leaving', () => {
  expect(through(end, view(1_480), view(1_498), view(1_479), view(1_495, 2_400))).toBe('end')
})

test('who came back to the end stays there; who scrolls on further up does not', () => {
  expect(through({ at: 'free' }, view(1_480))).toBe('end')
  expect(through({ at: 'free' }, view(1_000), view(1_470))).toBe('free')
  // Twenty px before the end, and as many more up.
  expect(through({ at: 'free' }, view(1_480), view(1_460))).toBe('free')
})

test('who is led to a message passes the end without staying, until they have been led', () => {
  const led: Stand = { at: 'led', toEnd: true }
  const elsewhere = [view(1_500), view(300)].reduce(afterScroll, led)
  expect(elsewhere).toEqual({ at: 'led', toEnd: false })
  expect(afterLead(elsewhere, view(300)).at).toBe('free')
  expect(afterLead(end, view(300))).toBe(end)
})

test('who was led to the end is there, also where more has come below meanwhile', () => {
  expect(afterLead({ at: 'led', toEnd: true }, view(1_500, 2_200)).at).toBe('end')
  const there = [view(300), view(1_500)].reduce(afterScroll, { at: 'led', toEnd: false })
  expect(afterLead(there, view(1_500, 2_200)).at).toBe('end')
  expect(afterLead({ at: 'led', toEnd: false }, view(1_500)).at).toBe('end')
})

test('a log without enough to scroll is at its end', () => {
  expect(reachesEnd(view(0, 200))).toBe(true)
  expect(reachesEnd(view(1_475))).toBe(false)
})
