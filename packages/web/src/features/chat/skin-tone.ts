import { remember, remembered } from '../../lib/remembered.ts'

/** As Unicode has them, from light to dark; the first is none. */
export const skinTones = [undefined, '1F3FB', '1F3FC', '1F3FD', '1F3FE', '1F3FF'] as const

/** Which of them somebody has chosen in this browser. */
export function chosenTone(): number {
  const kept = Number(remembered('tone'))
  return skinTones[kept] === undefined ? 0 : kept
}

export function chooseTone(tone: number): void {
  remember('tone', tone === 0 ? undefined : `${tone}`)
}
