import type { Row, Spread } from '../engine/figures.ts'

/** What a row reached, by its medians; empty where nothing was asked. */
export type State = 'aim met' | 'must met' | 'missed' | 'aim missed' | ''

const KIB = 1_024
const KB = 1_000
/** MiB. */
const OFFENDERS = 2 * 2

/** Whether the aim of a row is met, and whether what it must; undefined where it has only an aim. */
const judges: Record<string, (of: (name: string) => number, load: string) => readonly [boolean, boolean | undefined]> =
  {
    T1: (of, load) => [of('ofRaw') <= (load.endsWith('20 a second') ? 0.3 : 1.1), of('ofRaw') <= 1.5],
    T2: (of) => [of('collected') * KIB <= 12 * KB, of('collected') * KIB <= 37 * KB],
    T3: (of, load) =>
      load.startsWith('faster')
        ? [of('rate') >= 10_000, undefined]
        : [of('lastP99') <= 3 * of('fsyncP99') + 30, of('ackP99') <= 250 && of('lastP99') <= 250],
    R2: (of) => {
      const worst = Math.max(of('ofAck'), of('ofLast'))
      return [worst <= 1.1 && of('grown') <= OFFENDERS, worst <= 1.5]
    },
    T4: (of, load) => {
      const [aim, must] = load.startsWith('page') ? [5, 15] : [10, 100]
      return [of('p50') <= 2 * of('rawP50') + 0.3 && of('p99') <= aim, of('p99') <= must]
    },
  }

export function stateOf({ row, load, figures }: Row): State {
  const of = (name: string) => (figures as Record<string, Spread | undefined>)[name]?.median ?? Number.NaN
  const judged = judges[row]?.(of, load)
  if (!judged) return ''
  const [aim, must] = judged
  if (aim && must !== false) return 'aim met'
  if (must === undefined) return 'aim missed'
  return must ? 'must met' : 'missed'
}
