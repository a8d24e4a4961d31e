/**
 * The order of tiles after somebody came or went. Nobody who stays changes places with another; newcomers go to the
 * end. Somebody who left is remembered for as long as `before` is kept, and gets the old place back on return.
 */
export function tileOrder(before: readonly string[], present: readonly string[]): string[] {
  const known = new Set(before)
  return [...before, ...present.filter((identity) => !known.has(identity))]
}

/** The people in that order. */
export function inOrder<Person extends { identity: string }>(
  order: readonly string[],
  people: readonly Person[],
): Person[] {
  const rank = new Map(order.map((identity, i) => [identity, i]))
  return [...people].sort((a, b) => (rank.get(a.identity) ?? order.length) - (rank.get(b.identity) ?? order.length))
}
