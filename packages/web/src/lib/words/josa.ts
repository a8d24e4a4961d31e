/** Whether a name ends in a consonant, for particles that follow it. Latin and other endings are taken as they are read. */
export function hasFinal(word: string): boolean {
  const last = word.normalize('NFC').at(-1) ?? ''
  const code = last.charCodeAt(0) - 0xac00
  if (code >= 0 && code < 11_172) return code % 28 !== 0
  if (/\d/.test(last)) return '013678'.includes(last)
  return /[bcdfgklmnpqrtvwxz]/i.test(last)
}

/** The word with the fitting one of two particles: `josa('마루', '을', '를')` is 마루를. */
export function josa(word: string, afterConsonant: string, afterVowel: string): string {
  return word + (hasFinal(word) ? afterConsonant : afterVowel)
}

/** The particle "to, as": 로 after a vowel and after ㄹ, 으로 after every other consonant. */
export function josaRo(word: string): string {
  const code = (word.normalize('NFC').at(-1) ?? '').charCodeAt(0) - 0xac00
  const rieul = code >= 0 && code < 11_172 && code % 28 === 8
  return rieul ? `${word}로` : josa(word, '으로', '로')
}
