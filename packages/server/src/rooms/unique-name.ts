import { limits, nameKey } from '@maru/protocol'

/** The nickname with a number behind it, shortened so that both fit. */
function numbered(name: string, number: number): string {
  if (number === 1) return name
  const suffix = ` ${number}`
  return Array.from(name)
    .slice(0, limits.name - suffix.length)
    .join('')
    .trimEnd()
    .concat(suffix)
}

/** The nickname itself where nobody has it (`takenKeys`: those of `nameKey`), else the first free of `name 2`, `name 3`, … */
export function uniqueName(name: string, takenKeys: Pick<ReadonlySet<string>, 'has'>): string {
  for (let number = 1; ; number += 1) {
    const candidate = numbered(name, number)
    if (!takenKeys.has(nameKey(candidate))) return candidate
  }
}

/** Whether `shown` is what somebody who wished for `name` may have been given. */
export function isNameFor(shown: string, name: string): boolean {
  const number = Number(/ (\d{1,4})$/.exec(shown)?.[1] ?? 1)
  return shown === name || (number > 1 && shown === numbered(name, number))
}
