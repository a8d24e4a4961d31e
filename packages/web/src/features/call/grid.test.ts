import { expect, test } from 'vitest'
import { layoutGrid, placeTile } from './grid.ts'

const desk = { width: 1010, height: 690 }
const phone = { width: 370, height: 690 }
const options = { gap: 12, limit: 25 }

test.each([
  [1, desk, 1, 1],
  [2, desk, 2, 1],
  [4, desk, 2, 2],
  [6, desk, 3, 2],
  [9, desk, 3, 3],
  [2, phone, 1, 2],
  [4, phone, 2, 2],
  [6, phone, 2, 3],
])('%i people in %o stand in %i x %i', (count, box, columns, rows) => {
  expect(layoutGrid(count, box, options)).toMatchObject({ columns, rows, pages: 1 })
})

test('tiles stay inside the box, apart from each other, and of a camera’s shape', () => {
  for (const box of [desk, phone, { width: 300, height: 420 }, { width: 3_700, height: 1_900 }]) {
    for (let count = 1; count <= 25; count++) {
      const grid = layoutGrid(count, box, options)
      expect(grid.perPage * grid.pages).toBeGreaterThanOrEqual(count)
      const tiles = Array.from({ length: grid.perPage }, (_, i) => placeTile(i, grid.perPage, grid, box, options.gap))
      for (const [i, tile] of tiles.entries()) {
        expect(tile.left).toBeGreaterThanOrEqual(0)
        expect(tile.top).toBeGreaterThanOrEqual(0)
        expect(tile.left + tile.width).toBeLessThanOrEqual(box.width + 1)
        expect(tile.top + tile.height).toBeLessThanOrEqual(box.height + 1)
        expect(tile.width / tile.height).toBeLessThan(1.8)
        for (const other of tiles.slice(i + 1)) {
          const apart =
            other.left >= tile.left + tile.width + options.gap - 1 ||
            other.top >= tile.top + tile.height + options.gap - 1
          expect(apart).toBe(true)
        }
      }
    }
  }
})

test('more people than fit go to further pages of about the same length', () => {
  expect(layoutGrid(26, desk, options)).toMatchObject({ perPage: 13, pages: 2 })
  expect(layoutGrid(9, phone, { gap: 8, limit: 8 })).toMatchObject({ perPage: 5, pages: 2 })
  expect(layoutGrid(40, { width: 290, height: 300 }, options).pages).toBeGreaterThan(4)
})

test('a box without any room is no reason to fail', () => {
  expect(layoutGrid(3, { width: 0, height: 0 }, options)).toMatchObject({ perPage: 1, tile: { width: 0, height: 0 } })
})

test('a row that is not full stands in the middle', () => {
  const grid = layoutGrid(5, desk, options)
  const last = placeTile(4, 5, grid, desk, options.gap)
  const first = placeTile(3, 5, grid, desk, options.gap)
  expect(first.left + last.left + last.width).toBeCloseTo(desk.width, -1)
})
