import { createHash, randomUUID } from 'node:crypto'
import { Client } from 'pg'

/** Set where the tests are to run on PostgreSQL: the address of a server of which everything may be lost. */
const server = process.env.MARU_TEST_DATABASE

/** A database with nothing in it that nobody else uses. */
export async function emptyDatabase(): Promise<string> {
  return server ? await schema(`test_${randomUUID().replaceAll('-', '')}`) : ':memory:'
}

/** The file, or where the tests run on PostgreSQL, a place there that stands for it. */
export async function databaseOf(file: string): Promise<string> {
  return server ? await schema(`file_${createHash('md5').update(file).digest('hex')}`) : file
}

async function schema(name: string): Promise<string> {
  const client = new Client(server)
  await client.connect()
  await client.query(`create schema if not exists ${name}`)
  await client.end()
  return `${server}&options=${encodeURIComponent(`-c search_path=${name}`)}`
}
