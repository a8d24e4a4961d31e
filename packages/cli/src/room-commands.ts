/** What can be typed beside messages: each command asks the room and prints the answer. */
import type { Draft, RoomClient } from '@maru/client'
import type { Line as Entry, FileInfo, Message } from '@maru/protocol'
import { type FileServer, saveFile, sendFile } from './files.ts'
import { formatEntry, harmless } from './format-entry.ts'
import type { Prompt } from './prompt.ts'
import type { Line } from './read-line.ts'
import type { Words } from './words.ts'

export interface RoomCommands {
  client: RoomClient
  words: Words
  colour: boolean
  print: Prompt['print']
  note: (text: string) => void
  say: (draft: Draft) => void
  /** Undefined before the server has let us in. */
  fileServer: () => FileServer | undefined
}

type Wish<Kind extends Line['kind']> = Extract<Line, { kind: Kind }>

export async function reply(
  { client, words, print, say }: RoomCommands,
  { seq, text }: Wish<'reply' | 'edit'>,
): Promise<void> {
  const me = client.state().me?.id
  const target = seq ?? lastMessage(client, ({ member }) => member !== me)?.seq
  if (target === undefined || text === '') return print(words.replyMissing)
  say({ text, replyTo: target })
}

export async function edit(
  { client, words, print }: RoomCommands,
  { seq, text }: Wish<'reply' | 'edit'>,
): Promise<void> {
  const me = client.state().me?.id
  const target = seq ?? lastMessage(client, ({ member }) => member === me)?.seq
  if (target === undefined || text === '') return print(words.editMissing)
  await client.ask<'edit'>({ type: 'edit', target, text })
}

export async function search(
  { client, words, colour, print, note }: RoomCommands,
  { query }: Wish<'search'>,
): Promise<void> {
  if (query === '') return print(words.searchMissing)
  const { hits, hasOlder } = await client.ask<'search'>({ type: 'search', query })
  if (hits.length === 0) return note(words.nothingFound)
  const me = client.state().me?.id
  for (const { message } of hits.toReversed()) print(formatEntry(message, { words, colour, me }) ?? '')
  note(words.found(hits.length, hasOlder))
}

export async function send(
  { words, print, note, say, fileServer }: RoomCommands,
  { path, text }: Wish<'send'>,
): Promise<void> {
  const where = fileServer()
  if (path === '' || !where) return print(words.pathMissing)
  note(words.sending(path))
  say({ text, files: [await sendFile(where, path)] })
}

export async function save(
  { client, words, print, fileServer }: RoomCommands,
  { seq, path }: Wish<'save'>,
): Promise<void> {
  const where = fileServer()
  const files = await filesOf(client, seq)
  if (files.length === 0 || !where) return print(words.noFiles)
  for (const file of files) print(words.saved(harmless(file.name), await saveFile(where, file, path)))
}

async function filesOf(client: RoomClient, seq: number | undefined): Promise<readonly FileInfo[]> {
  if (seq === undefined) return lastMessage(client, ({ files }) => files !== undefined)?.files ?? []
  const { entries } = await client.ask<'lookUp'>({ type: 'lookUp', targets: [seq] })
  const [entry] = entries
  return entry?.kind === 'message' ? (entry.files ?? []) : []
}

function lastMessage(client: RoomClient, fits: (message: Message) => boolean): Message | undefined {
  return client
    .state()
    .entries.findLast((entry: Entry): entry is Message => entry.kind === 'message' && !entry.deleted && fits(entry))
}
