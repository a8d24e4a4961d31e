import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Puts a text between the marks `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` of a file. */
export function put(file: string, name: string, text: string): void {
  const path = join(root, file)
  const whole = readFileSync(path, 'utf8')
  const marked = new RegExp(`(<!-- bench:${name} -->\\n)[^]*?(<!-- /bench:${name} -->)`)
  if (!marked.test(whole)) throw new Error(`${file} has no place for '${name}'`)
  writeFileSync(
    path,
    whole.replace(marked, (_, before, after) => `${before}${text}\n${after}`),
  )
  console.log(`${file}: ${name}`)
}
