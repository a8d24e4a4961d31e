/** What can be typed beside messages: each command asks the room and prints the answer. */
import { type Draft, everyMember, type RoomClient } from '@maru/client'
import { type Line as Entry, type FileInfo, type Message, readAddressee, readPollOptions } from '@maru/protocol'
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

/** So many are told of those who could be meant. */
const MOST_NAMES = 20

type Wish<Kind extends Line['kind']> = Extract<Line, { kind: Kind }>
type Numbered = Extract<Line, { kind: 'delete' | 'pin' | 'unpin' }>

export async function reply(
  { client, words, print, say }: RoomCommands,
  { seq, text }: Wish<'reply' | 'edit'>,
): Promise<void> {
  if (text === '') return print(words.replyMissing)
  const me = client.state().me?.id
  const target = seq ?? lastMessage(client, ({ member }) => member !== me)?.seq
  if (target === undefined) return print(words.nothingToAnswer)
  say({ text, replyTo: target })
}

export async function edit(
  { client, words, print }: RoomCommands,
  { seq, text }: Wish<'reply' | 'edit'>,
): Promise<void> {
  if (text === '') return print(words.editMissing)
  const me = client.state().me?.id
  const target = seq ?? lastMessage(client, ({ member, poll }) => member === me && !poll)?.seq
  if (target === undefined) return print(words.nothingToEdit)
  await client.ask<'edit'>({ type: 'edit', target, text })
}

export async function remove({ client, words, print }: RoomCommands, { seq }: Numbered): Promise<void> {
  if (seq === undefined) return print(words.deleteMissing)
  await client.ask<'delete'>({ type: 'delete', target: seq })
}

export function askAll({ words, print, say }: RoomCommands, { question, options }: Wish<'poll'>): void {
  if (question === '' || options.length < 2) print(words.pollMissing)
  else say({ text: question, poll: { options: readPollOptions(options) } })
}

/** Shows the poll as it stands then. */
export async function vote(
  { client, words, colour, print }: RoomCommands,
  { seq, choices }: Wish<'vote'>,
): Promise<void> {
  if (choices === undefined) return print(words.voteMissing)
  const target = seq ?? lastMessage(client, ({ poll }) => poll !== undefined && !poll.closed)?.seq
  if (target === undefined) return print(words.nothingToVote)
  if (choices.length > 0)
    await client.ask<'vote'>({ type: 'vote', target, options: choices.map((choice) => choice - 1) })
  const [poll] = await lookUp(client, [target])
  if (!poll?.poll) return print(words.nothingToVote)
  print(formatEntry(poll, { words, colour, me: client.state().me?.id }))
}

export async function pin({ client, words, print }: RoomCommands, { kind, seq }: Numbered): Promise<void> {
  if (seq === undefined) return print(words.pinMissing(`/${kind}`))
  await client.ask<'pin'>({ type: 'pin', target: seq, on: kind === 'pin' })
}

export async function pins({ client, words, colour, print, note }: RoomCommands): Promise<void> {
  const pinned = await lookUp(client, client.state().pinned)
  if (pinned.length === 0) return note(words.noPins)
  for (const message of pinned) print(formatEntry(message, { words, colour, me: client.state().me?.id }))
}

export function act({ words, print, say }: RoomCommands, { text }: Wish<'me' | 'msg'>): void {
  if (text === '') print(words.actionMissing)
  else say({ text, action: true })
}

/** To one member of the room alone, here or not. */
export async function tell({ client, words, print, say }: RoomCommands, { text }: Wish<'me' | 'msg'>): Promise<void> {
  if (text === '') return print(words.messageMissing)
  const members = await everyMember(client)
  const others = members.filter(({ id }) => id !== client.state().me?.id)
  const called = readAddressee(text, others)
  if (!called) {
    const names = others.slice(0, MOST_NAMES).map(({ name }) => harmless(name))
    return print(words.nobodyCalled(names.join(', ') + (others.length > names.length ? ', …' : '')))
  }
  if (called.text === '') return print(words.messageMissing)
  say(called)
}

export async function search(
  { client, words, colour, print, note }: RoomCommands,
  { query }: Wish<'search'>,
): Promise<void> {
  if (query === '') return print(words.searchMissing)
  const { hits, hasOlder } = await client.ask<'search'>({ type: 'search', query })
  if (hits.length === 0) return note(words.nothingFound)
  const me = client.state().me?.id
  for (const { message } of hits.toReversed()) print(formatEntry(message, { words, colour, me }))
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
  if (files.length === 0 || !where) return print(seq === undefined ? words.nothingToSave : words.noFiles)
  for (const file of files) print(words.saved(harmless(file.name), await saveFile(where, file, path)))
}

async function filesOf(client: RoomClient, seq: number | undefined): Promise<readonly FileInfo[]> {
  if (seq === undefined) return lastMessage(client, ({ files }) => files !== undefined)?.files ?? []
  const [message] = await lookUp(client, [seq])
  return message?.files ?? []
}

async function lookUp(client: RoomClient, targets: readonly number[]): Promise<Message[]> {
  if (targets.length === 0) return []
  const { entries } = await client.ask<'lookUp'>({ type: 'lookUp', targets: [...targets] })
  return entries.filter((entry): entry is Message => entry.kind === 'message')
}

function lastMessage(client: RoomClient, fits: (message: Message) => boolean): Message | undefined {
  return client
    .state()
    .entries.findLast((entry: Entry): entry is Message => entry.kind === 'message' && !entry.deleted && fits(entry))
}
