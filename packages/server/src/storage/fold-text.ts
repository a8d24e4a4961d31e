/**
 * Text as the search index holds it. Chinese, Japanese and Korean set no spaces where a searcher would, so their runs become pairs of
 * characters, each pair beginning at the next one: "음성방" is "음성 성방 방". Any part of two or more characters is then a phrase of the index,
 * and a single one the beginning of a word. Case is folded here, for tokenizers fold letter by letter; accents are left to them.
 */
const run = /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々〆]+/gu

/** Whether any of it is found by pairs of characters. */
export const isPaired = (text: string): boolean => text.normalize('NFKC').search(run) >= 0

/** What folding of letter by letter leaves apart: "Straße" is "STRASSE", and the last letter of a Greek word is the same inside of one. */
export const foldCase = (text: string): string => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ')

export const foldText = (text: string): string => paired(foldCase(text.normalize('NFKC')))

/** As the index held texts before case was folded here. What is taken out of it has to be told just as it was put in. */
export const foldTextBefore = (text: string): string => paired(text.normalize('NFKC'))

const paired = (text: string): string => text.replace(run, (found) => ` ${pairs(found).join(' ')} `)

/** One word or phrase of a search, as the index has to be asked for it. Empty where nothing of it can be searched for. */
export function foldTerm(text: string, isPrefix: boolean): { phrase: string; isPrefix: boolean } {
  const normal = foldCase(text.normalize('NFKC')).replaceAll('"', ' ')
  let open = isPrefix
  // The last character of a run stands in the index as a word of its own only where the run ends there.
  const phrase = normal.replace(run, (found, offset: number) => {
    const all = pairs(found)
    if (all.length === 1) {
      if (offset + found.length === normal.length) open = true
      return ` ${found} `
    }
    return ` ${all.slice(0, -1).join(' ')} `
  })
  return { phrase: /[\p{L}\p{N}]/u.test(phrase) ? phrase.trim().replace(/\s+/g, ' ') : '', isPrefix: open }
}

function pairs(text: string): string[] {
  const characters = Array.from(text)
  return characters.map((character, index) => character + (characters[index + 1] ?? ''))
}

/** The words under which the index knows whose message it is and where. */
export function indexScope(roomId: number, member: string, files: number | boolean): string {
  return `${roomWord(roomId)} ${memberWord(member)}${files ? ` ${FILE_WORD}` : ''}`
}

export const FILE_WORD = 'hasfile'
export const roomWord = (roomId: number): string => `room${roomId}`
export const memberWord = (member: string): string => `member${member.replace(/[^0-9A-Za-z]/g, '')}`
