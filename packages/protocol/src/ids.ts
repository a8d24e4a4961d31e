const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Gives `count` unpredictable bytes. */
export type RandomBytes = (count: number) => Uint8Array

/** `prefix` and 16 random base62 characters (95 bits): `ME_4gT0…`. */
export function createId(prefix: string, random: RandomBytes): string {
  let id = prefix
  while (id.length < prefix.length + 16) {
    for (const byte of random(24)) {
      // 248 is the largest multiple of 62 in a byte: taking the rest only below it keeps every character equally likely.
      if (byte < 248 && id.length < prefix.length + 16) id += alphabet[byte % 62]
    }
  }
  return id
}
