/** Lists in queries, which are prepared once: a list has a place for each of its values, however few come. */

/** Values of one query; a longer list takes several. */
const SLOTS = 20

export type Slots<Value = number> = Record<`slot${number}`, Value>

/** The names of the places. */
export const slotNames = Array.from({ length: SLOTS }, (_, n) => `slot${n}` as const)

/** The places of a list, for Kysely's `in`. */
export const slotsIn = <Value = number>(values: Slots<Value>): Value[] => slotNames.map((name) => values[name] as Value)

/** The values of one query after the other. The places that are left hold its first once more, which changes nothing. */
export function* slotsOf<Value>(list: readonly Value[]): Generator<Slots<Value>> {
  for (let from = 0; from < list.length; from += SLOTS)
    yield Object.fromEntries(slotNames.map((name, n) => [name, list[from + n] ?? list[from]])) as Slots<Value>
}
