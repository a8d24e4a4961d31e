/** What of a log is in view, all in px. */
export interface View {
  /** How far it is scrolled. */
  offset: number
  viewport: number
  whole: number
}

/**
 * Where somebody stands in a log. `end`: at its end, and there they stay while more comes; `away` is how far they have gone from it themselves, in px.
 * `led`: they are being brought to a message; `toEnd` tells whether the way there has ended at the end of the log. `free`: they read further up.
 */
export type Stand = { at: 'end'; away: number; view: View } | { at: 'led'; toEnd: boolean } | { at: 'free' }

/** How near to the end still counts as the end, in px. */
const END_PX = 24

/** How far below what is in view the end is, in px. */
const gapOf = ({ offset, viewport, whole }: View): number => Math.max(0, whole - viewport - offset)
const highestOffset = ({ viewport, whole }: View): number => Math.max(0, whole - viewport)

export const reachesEnd = (view: View): boolean => gapOf(view) <= END_PX

/** At the end, with this in view. */
export const atEnd = (view: View): Stand => ({ at: 'end', away: 0, view })

/**
 * The stand after the view has moved. Who is at the end leaves it only by scrolling up: that rows grew below them, that rows took less room than was
 * thought, and that the view became larger or smaller, moves the end and not them.
 */
export function afterScroll(stand: Stand, view: View): Stand {
  if (stand.at === 'led') return { at: 'led', toEnd: reachesEnd(view) }
  if (stand.at === 'free') return reachesEnd(view) ? { at: 'end', away: gapOf(view), view } : stand
  const up = stand.view.offset - view.offset
  const shrunk = Math.max(0, highestOffset(stand.view) - highestOffset(view))
  const away = Math.min(gapOf(view), Math.max(0, stand.away + (up > 0 ? Math.max(0, up - shrunk) : up)))
  return away > END_PX ? { at: 'free' } : { at: 'end', away, view }
}

/** The stand when somebody has been led as far as they were to be. Who was led to the end is there, whatever has come meanwhile. */
export function afterLead(stand: Stand, view: View): Stand {
  if (stand.at !== 'led') return stand
  return stand.toEnd || reachesEnd(view) ? atEnd(view) : { at: 'free' }
}
