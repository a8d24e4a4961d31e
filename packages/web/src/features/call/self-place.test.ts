import { expect, test } from 'vitest'
import { cornerByKey, nearestCorner, placeName, selfRect } from './self-place.ts'

const box = { left: 0, top: 0, width: 1000, height: 600 }
const size = { width: 176, height: 99 }

test('an arrow key leads to the corner on that side', () => {
  expect(cornerByKey('bottom-right', 'ArrowLeft')).toBe('bottom-left')
  expect(cornerByKey('bottom-right', 'ArrowUp')).toBe('top-right')
  expect(cornerByKey('top-left', 'ArrowUp')).toBe('top-left')
  expect(cornerByKey('top-left', 'Enter')).toBeUndefined()
})

test('a drag ends in the nearest corner', () => {
  expect(nearestCorner(100, 550, box)).toBe('bottom-left')
  expect(nearestCorner(900, 20, box)).toBe('top-right')
})

test('the picture stands inside the box', () => {
  expect(selfRect('bottom-right', box, size)).toEqual({ ...size, left: 814, top: 491 })
  expect(selfRect('top-left', box, size)).toEqual({ ...size, left: 10, top: 10 })
  expect(selfRect('top-left', { ...box, left: 40, top: 20 }, size)).toEqual({ ...size, left: 50, top: 30 })
})

test('a name makes room beside the picture, or goes to the top of its tile', () => {
  const self = selfRect('bottom-right', box, size)
  const wide = { left: 500, top: 300, width: 500, height: 300 }
  expect(placeName(wide, self)).toEqual({ at: 'foot', start: 0, end: 186 })
  expect(placeName({ ...wide, left: 760, width: 240 }, self)).toEqual({ at: 'head', start: 0, end: 0 })
  expect(placeName({ ...wide, left: 0 }, self)).toEqual({ at: 'foot', start: 0, end: 0 })
  expect(placeName({ ...wide, left: 0 }, selfRect('bottom-left', box, size))).toEqual({
    at: 'foot',
    start: 186,
    end: 0,
  })
  expect(placeName(wide, selfRect('top-right', box, size))).toEqual({ at: 'foot', start: 0, end: 0 })
  expect(placeName(wide, undefined)).toEqual({ at: 'foot', start: 0, end: 0 })
})
