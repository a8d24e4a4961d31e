import { AppError, readPollOptions } from '@maru/protocol'
import { dayStart } from './day-start.ts'
import type { Desk, Dialog } from './desk.ts'
import type { MoreWords } from './more-words.en.ts'

interface Around {
  desk: Desk
  quit: () => void
  invite: () => void
  settings: () => void
}

interface Command {
  name: keyof MoreWords['commands']
  /** Does it with what was written behind the name. `false`: that was not enough, and the text stays in the field. */
  run(rest: string, around: Around): boolean
}

/** Every command there is; the help and the completion read this list too. */
export const commands: readonly Command[] = [
  { name: 'help', run: (_rest, { desk }) => show(desk, 'help') },
  {
    name: 'me',
    run: (rest, { desk }) => {
      if (!rest) return false
      desk.client.send({ text: rest, action: true })
      return true
    },
  },
  { name: 'poll', run: (rest, { desk }) => (rest.includes('|') ? poll(rest, desk) : show(desk, 'poll')) },
  {
    name: 'topic',
    run: (topic, { desk }) => {
      void desk.ask<'setTopic'>({ type: 'setTopic', topic })
      return true
    },
  },
  { name: 'msg', run: writeTo },
  { name: 'search', run: (_rest, { desk }) => show(desk, 'search') },
  { name: 'pins', run: (_rest, { desk }) => show(desk, 'pins') },
  { name: 'date', run: goTo },
  { name: 'invite', run: (_rest, { invite }) => done(invite) },
  { name: 'settings', run: (_rest, { settings }) => done(settings) },
  { name: 'quit', run: (_rest, { quit }) => done(quit) },
]

/** What a text asks for as a command. A path ("/etc/hosts") and what has two strokes are no commands. */
export function readCommand(text: string): { name: string; rest: string } | undefined {
  const [, name, rest = ''] = /^\/(\p{L}+)(?:\s+([\s\S]*))?$/u.exec(text.trim()) ?? []
  return name === undefined ? undefined : { name: name.toLowerCase(), rest: rest.trim() }
}

/** `unknown`: there is no such command. */
export function runCommand(text: string, around: Around): 'done' | 'incomplete' | 'unknown' {
  const asked = readCommand(text)
  const command = commands.find(({ name }) => name === asked?.name)
  if (!asked || !command) return 'unknown'
  return command.run(asked.rest, around) ? 'done' : 'incomplete'
}

function show(desk: Desk, dialog: Dialog): boolean {
  desk.dialog.set(dialog)
  return true
}

function done(action: () => void): boolean {
  action()
  return true
}

/** `/date 2026-07-14`; without a day, it is asked for. */
function goTo(rest: string, { desk }: Around): boolean {
  if (!rest) return show(desk, 'date')
  const at = dayStart(rest)
  if (at !== undefined) void desk.goTo(at)
  return at !== undefined
}

/** `/poll Where? | Here | There` */
function poll(rest: string, desk: Desk): boolean {
  const [question = '', ...options] = rest.split('|').map((part) => part.trim())
  if (!question || options.length < 2) throw new AppError('poll_bad')
  desk.client.send({ text: question, poll: { options: readPollOptions(options) } })
  return true
}

/** `/msg Ana see you there`; without a text the field is for Ana alone from now on. */
function writeTo(rest: string, { desk }: Around): boolean {
  const named = rest.replace(/^@/, '')
  const { people, me } = desk.client.state()
  const to = people
    .filter(({ id, name }) => id !== me?.id && named.toLowerCase().startsWith(name.toLowerCase()))
    .toSorted((a, b) => b.name.length - a.name.length)[0]
  if (!to) return false
  const text = named.slice(to.name.length).trim()
  if (text) desk.client.send({ text, to })
  else desk.intent.set({ kind: 'write', to })
  return true
}
