import type { Words } from './words.ts'

export type Arguments =
  | { kind: 'join'; address: string; room: string | undefined; name: string | undefined }
  | { kind: 'help' }
  | { kind: 'wrong'; problems: string[] }

/** What the command line asks for; every mistake in it is named. */
export function readArguments(values: readonly string[], words: Words): Arguments {
  const options: Record<string, string | undefined> = { '--room': undefined, '--name': undefined }
  const problems: string[] = []
  let address: string | undefined
  const rest = [...values]
  for (let value = rest.shift(); value !== undefined; value = rest.shift()) {
    if (value === '--help' || value === '-h') return { kind: 'help' }
    const [name = '', ...inline] = value.split('=')
    if (Object.hasOwn(options, name)) {
      const given = inline.length > 0 ? inline.join('=') : rest.shift()
      if (given === undefined || given === '') problems.push(words.missingValue(name))
      else options[name] = given
    } else if (value.startsWith('-')) problems.push(words.unknownOption(name))
    else if (address === undefined) address = value
    else problems.push(words.tooMany(value))
  }
  if (address === undefined && problems.length === 0) problems.push(words.noAddress)
  if (address === undefined || problems.length > 0) return { kind: 'wrong', problems }
  return { kind: 'join', address, room: options['--room'], name: options['--name'] }
}
