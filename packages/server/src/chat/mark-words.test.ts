import { expect, test } from 'vitest'
import { markWords } from './mark-words.ts'

const marked = (text: string, ...terms: string[]) =>
  markWords(
    text,
    terms.map((term) => ({ text: term.replace(/\*$/, ''), isPrefix: term.endsWith('*') })),
  ).map(([start, end]) => text.slice(start, end))

test.each([
  ['Straße und Gasse', ['strasse'], ['Straße']],
  ['Strasse', ['Straße'], ['Strasse']],
  ['ẞß ß', ['ss*'], ['ẞ', 'ß']],
  ['Maßband', ['mas*'], ['Maß']],
  ['a ﬁne oﬃce', ['fine', 'office'], ['ﬁne', 'oﬃce']],
  ['e\u0301te\u0301 ete', ['été'], ['e\u0301te\u0301', 'ete']],
  ['cafe\u0301', ['cafe'], ['cafe\u0301']],
  ['𝐁𝐨𝐥𝐝 ß', ['bold', 'ss'], ['𝐁𝐨𝐥𝐝', 'ß']],
  ['İSTANBUL ΣΊΣΥΦΟΣ', ['istanbul', 'σίσυφος'], ['İSTANBUL', 'ΣΊΣΥΦΟΣ']],
  ['👨‍👩‍👧 Größe 음성통화', ['grosse', '통화'], ['Größe', '통화']],
  ['assess', ['ss'], []],
])('in %j %j is marked as %j', (text, terms, expected) => {
  expect(marked(text, ...terms)).toEqual(expected)
})
