/** Random bytes of the given size. */
export type Random = (size: number) => Uint8Array

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** An id such as `PA_x1Y2z3...`; clients tell kinds of ids by the prefix. */
export function newSid(prefix: string, random: Random): string {
  let sid = prefix
  for (const byte of random(12)) sid += alphabet[byte % alphabet.length]
  return sid
}
