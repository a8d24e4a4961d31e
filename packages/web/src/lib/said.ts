import type { FileInfo } from '@maru/protocol'
import { bareParts } from './bare-text.ts'

/** What a message says, as one line of plain words: for lists, notices and whoever hears it. The names of its files where it says nothing else. */
export function saidIn({ text, files = [] }: { text: string; files?: readonly FileInfo[] | undefined }): string {
  const said = bareParts(text).map(({ start, end }) => text.slice(start, end))
  return said.join('').replace(/\s+/g, ' ').trim() || files.map(({ name }) => name).join(', ')
}
