/** `npm run maru -- COMMAND`: for who runs the server, on its machine. Asks the server that uses the data folder; where none does, works on the folder. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isPostgres } from '../storage/open-storage.ts'
import { askServer } from './ask-server.ts'
import { type Command, commands, usage, WrongUse } from './commands.ts'

const root = join(import.meta.dirname, '../../../..')

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { data: { type: 'string' }, database: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  const [name = '', ...words] = positionals
  if (values.help || name === '') return console.log(usage())
  const command: Command | undefined = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new WrongUse(`There is no command "${name}".\n\n${usage()}`)
  const data = values.data === undefined ? join(root, 'maru-data') : resolve(values.data)
  const { database } = values
  if (database !== undefined && !isPostgres(database))
    throw new WrongUse(`${JSON.stringify(database)} is not the address of a PostgreSQL database.`)
  console.log(await command.run({ data, database, words, ask: askServer(data, (file) => readFileSync(file, 'utf8')) }))
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(error instanceof WrongUse || error?.code?.startsWith('ERR_PARSE_ARGS') ? 2 : 1)
})
