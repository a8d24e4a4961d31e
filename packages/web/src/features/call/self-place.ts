import type { Box, Rect } from './grid.ts'

export type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right'

/** Distance of the floating picture from the edges of the stage. */
const INSET = 10
/** Height of the line with the name at the foot of a tile, with its margin. */
const NAME_LINE = 44
/** A name needs this much beside the floating picture; with less it goes to the top of its tile. */
const NAME_NEEDS = 108

/** Where the floating picture stands inside of what it floats over. */
export function selfRect(corner: Corner, over: Rect, size: Box): Rect {
  const [vertical, horizontal] = corner.split('-')
  return {
    ...size,
    left: over.left + (horizontal === 'left' ? INSET : over.width - size.width - INSET),
    top: over.top + (vertical === 'top' ? INSET : over.height - size.height - INSET),
  }
}

/** The corner nearest to a point, for the end of a drag. */
export function nearestCorner(x: number, y: number, box: Box): Corner {
  return `${y < box.height / 2 ? 'top' : 'bottom'}-${x < box.width / 2 ? 'left' : 'right'}`
}

/** The corner an arrow key leads to; `undefined` for other keys. */
export function cornerByKey(corner: Corner, key: string): Corner | undefined {
  const [vertical, horizontal] = corner.split('-') as ['top' | 'bottom', 'left' | 'right']
  if (key === 'ArrowLeft') return `${vertical}-left`
  if (key === 'ArrowRight') return `${vertical}-right`
  if (key === 'ArrowUp') return `top-${horizontal}`
  if (key === 'ArrowDown') return `bottom-${horizontal}`
  return undefined
}

/** Where the name of a tile stands and how much it keeps free at either end. */
export interface NamePlace {
  at: 'foot' | 'head'
  start: number
  end: number
}

/** The name of a tile moves out of the way of the floating picture. */
export function placeName(tile: Rect, self: Rect | undefined): NamePlace {
  const foot: NamePlace = { at: 'foot', start: 0, end: 0 }
  if (!self) return foot
  const line: Rect = { ...tile, top: tile.top + tile.height - NAME_LINE, height: NAME_LINE }
  if (!overlaps(line, self)) return foot
  const before = self.left - tile.left
  const after = tile.left + tile.width - (self.left + self.width)
  if (Math.max(before, after) < NAME_NEEDS) return { at: 'head', start: 0, end: 0 }
  return before >= after ? { ...foot, end: tile.width - before } : { ...foot, start: tile.width - after }
}

function overlaps(a: Rect, b: Rect): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height
}
