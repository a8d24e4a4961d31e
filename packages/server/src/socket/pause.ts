/**
 * After it has told its listeners something, a room holds back what comes next for a moment, so that it leaves in one write for each of them. The
 * first thing after a quiet moment leaves at once, and so does every acknowledgement.
 */

/** With so few listeners a write for each costs less than anybody's wait is worth. */
const FEW = 20
/** What every further listener adds, up to what a reader does not notice among messages that come this close together. */
const MORE_MS = 2
const COMMON_MS = 150
/** A write takes about a fifth of this: the largest room keeps a processor busy for a fifth of the time however much is said in it. */
const WRITE_MS = 0.04
export const MAX_PAUSE_MS = 200
/** What is longer waits for nothing: held back it would only fill the buffers of slow readers at once. */
const MUCH = 65_536

export function pauseMs(listeners: number): number {
  const common = Math.min(COMMON_MS, Math.max(0, listeners - FEW) * MORE_MS)
  return Math.min(MAX_PAUSE_MS, Math.max(common, Math.floor(listeners * WRITE_MS)))
}

export const isMuch = (characters: number) => characters > MUCH
