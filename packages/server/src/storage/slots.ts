/** Lists in queries, which are prepared once: a list has a place for each of its values, however few come. */

/** Numbers of one query; a longer list takes several. */
const SLOTS = 20
/** Fills the places that are left. Nothing has this number. */
const NOTHING = -1

export type Slots = Record<`slot${number}`, number>

/** The places of a list, for Kysely's `in`. */
export const slotsIn = (values: Slots): number[] =>
  Array.from({ length: SLOTS }, (_, n) => values[`slot${n}`] as number)

/** The values of one query after the other. */
export function* slotsOf(list: readonly number[]): Generator<Slots> {
  for (let from = 0; from < list.length; from += SLOTS)
    yield Object.fromEntries(Array.from({ length: SLOTS }, (_, n) => [`slot${n}`, list[from + n] ?? NOTHING]))
}
