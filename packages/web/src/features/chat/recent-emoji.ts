import { remember, remembered } from '../../lib/remembered.ts'

/** Two rows of the picker. */
const KEPT = 16

/** What was picked lately in this browser, the last one first. */
export function recentEmoji(): string[] {
  return (remembered('emoji') ?? '').split(' ').filter((sign) => sign !== '')
}

export function rememberEmoji(sign: string): void {
  const others = recentEmoji().filter((each) => each !== sign)
  remember('emoji', [sign, ...others].slice(0, KEPT).join(' '))
}
