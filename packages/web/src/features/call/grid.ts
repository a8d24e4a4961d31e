export interface Box {
  width: number
  height: number
}

export interface Rect extends Box {
  left: number
  top: number
}

export interface Grid {
  columns: number
  rows: number
  tile: Box
  /** Tiles on one page; the last page may have fewer. */
  perPage: number
  pages: number
}

interface GridOptions {
  gap: number
  /** How many pictures one page shows at most; more cost a small machine its breath. */
  limit: number
}

/** A camera's shape. A tile is never wider, and is as narrow as the limits below only where that makes it larger. */
const WIDEST = 16 / 9
const NARROWEST_IN_LANDSCAPE = 1
const NARROWEST_IN_PORTRAIT = 0.55
/** Below this a face says nothing any more, so the rest goes to the next page. */
const SMALLEST_TILE = { width: 120, height: 84 }

/** Columns and rows that give the largest tiles for so many people in this box. */
export function layoutGrid(count: number, box: Box, options: GridOptions): Grid {
  const people = Math.max(count, 1)
  for (let perPage = Math.min(people, options.limit); perPage > 1; perPage--) {
    const grid = fill(perPage, box, options.gap)
    if (grid.tile.width < SMALLEST_TILE.width || grid.tile.height < SMALLEST_TILE.height) continue
    // Pages of equal length: five of six and one of six would leave a lonely tile on the second.
    const pages = Math.ceil(people / perPage)
    const even = Math.ceil(people / pages)
    return { ...fill(even, box, options.gap), perPage: even, pages }
  }
  return { ...fill(1, box, options.gap), perPage: 1, pages: people }
}

/** Where tile number `index` of `shown` on a page stands. The rows are centred, also one that is not full. */
export function placeTile(index: number, shown: number, grid: Grid, box: Box, gap: number): Rect {
  const row = Math.floor(index / grid.columns)
  const rows = Math.ceil(shown / grid.columns)
  const inRow = Math.min(grid.columns, shown - row * grid.columns)
  const column = index - row * grid.columns
  const { width, height } = grid.tile
  const spread = (length: number, size: number, many: number): number => (length - many * size - (many - 1) * gap) / 2
  return {
    left: Math.round(spread(box.width, width, inRow) + column * (width + gap)),
    top: Math.round(spread(box.height, height, rows) + row * (height + gap)),
    width,
    height,
  }
}

/** What all tiles of a full page cover together. */
export function gridBounds(grid: Grid, box: Box, gap: number): Rect {
  const width = grid.columns * grid.tile.width + (grid.columns - 1) * gap
  const height = grid.rows * grid.tile.height + (grid.rows - 1) * gap
  return { left: Math.round((box.width - width) / 2), top: Math.round((box.height - height) / 2), width, height }
}

/** Everything about the grid of a stage: where the tiles go and what is kept free for turning pages. */
export interface Arrangement {
  grid: Grid
  /** The stage without the line for turning pages. */
  room: Box
  gap: number
  bounds: Rect
}

/** A stage narrower than this is a phone's. */
export const NARROW_STAGE = 560
const PAGER_HEIGHT = 48

export function arrange(count: number, box: Box): Arrangement {
  const isNarrow = box.width < NARROW_STAGE
  const options = { gap: isNarrow ? 8 : 12, limit: isNarrow ? 8 : 25 }
  const whole = layoutGrid(count, box, options)
  const room = whole.pages > 1 ? { ...box, height: box.height - PAGER_HEIGHT } : box
  const grid = whole.pages > 1 ? layoutGrid(count, room, options) : whole
  return { grid, room, gap: options.gap, bounds: gridBounds(grid, room, options.gap) }
}

function fill(count: number, box: Box, gap: number): Grid {
  const narrowest = box.width < box.height ? NARROWEST_IN_PORTRAIT : NARROWEST_IN_LANDSCAPE
  let best: Grid | undefined
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns)
    const tile = shape((box.width - (columns - 1) * gap) / columns, (box.height - (rows - 1) * gap) / rows, narrowest)
    const grid = { columns, rows, tile, perPage: count, pages: 1 }
    if (!best || areaOf(tile) > areaOf(best.tile)) best = grid
  }
  return best ?? { columns: 1, rows: 1, tile: box, perPage: 1, pages: 1 }
}

function shape(width: number, height: number, narrowest: number): Box {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 }
  const aspect = Math.min(WIDEST, Math.max(narrowest, width / height))
  return {
    width: Math.floor(Math.min(width, height * aspect)),
    height: Math.floor(Math.min(height, width / aspect)),
  }
}

function areaOf(box: Box): number {
  return box.width * box.height
}
