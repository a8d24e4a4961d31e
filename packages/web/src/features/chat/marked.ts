/** Signs shown before the first hit: a long message begins where it matters. */
const LEAD = 40

/** A text in parts, hits apart. What lies far before the first hit is left out. */
export function marked(
  text: string,
  marks: readonly (readonly [number, number])[],
): { text: string; isHit: boolean }[] {
  const from = Math.max(0, (marks[0]?.[0] ?? 0) - LEAD)
  const parts: { text: string; isHit: boolean }[] = []
  let end = from
  const add = (part: string, isHit: boolean) => part !== '' && parts.push({ text: part, isHit })
  if (from > 0) add('…', false)
  for (const [start, stop] of marks) {
    if (start < end) continue
    add(text.slice(end, start), false)
    add(text.slice(start, stop), true)
    end = stop
  }
  add(text.slice(end), false)
  return parts
}
