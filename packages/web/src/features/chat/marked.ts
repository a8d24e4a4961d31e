import { bareParts } from '../../lib/bare-text.ts'

/** Signs shown before the first hit: a long message begins where it matters. */
const LEAD = 40

export interface MarkedPart {
  text: string
  isHit: boolean
}

/**
 * What a message says, without the signs of Markdown, in parts: hits apart. `marks` are places in the text as it was written.
 * What lies far before the first hit is left out.
 */
export function marked(text: string, marks: readonly (readonly [number, number])[]): MarkedPart[] {
  const parts: MarkedPart[] = []
  for (const { start, end } of bareParts(text)) {
    let at = start
    const add = (to: number, isHit: boolean) => {
      const before = parts.at(-1)
      const said = text.slice(at, to)
      if (before?.isHit === isHit) before.text += said
      else if (said !== '') parts.push({ text: said, isHit })
      at = Math.max(at, to)
    }
    for (const [from, to] of marks) {
      if (to <= at || from >= end) continue
      add(Math.max(at, from), false)
      add(Math.min(end, to), true)
    }
    add(end, false)
  }
  return shortened(parts)
}

function shortened([first, ...rest]: MarkedPart[]): MarkedPart[] {
  if (!first) return []
  if (rest.length === 0 || first.isHit || first.text.length <= LEAD) return [first, ...rest]
  // A sign of two units stays whole.
  return [{ text: `…${first.text.slice(-LEAD).replace(/^[\udc00-\udfff]/, '')}`, isHit: false }, ...rest]
}
