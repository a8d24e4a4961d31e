import { readAddressee } from '@maru/protocol'
import { dayStart } from './day-start.ts'
import type { Desk, Dialog } from './desk.ts'
import type { MoreWords } from './more-words.en.ts'
import { pollOptions } from './poll-options.ts'

interface Around {
  desk: Desk
  quit: () => void
  invite: () => void
  settings: () => void
}

/**
 * What came of a command. All but `done` leave the text in the field: `incomplete` is not enough or not understood, `nobody` is a name that
 * nobody has, `poll` is no poll, and of what was `refused` the user has heard already.
 */
export type Outcome = 'done' | 'unknown' | 'incomplete' | 'nobody' | 'poll' | 'refused'

interface Command {
  name: keyof MoreWords['commands']
  /** Does it with what was written behind the name. */
  run(rest: string, around: Around): Outcome | Promise<Outcome>
}

/** Every command there is; the help and the completion read this list too. */
export const commands: readonly Command[] = [
  { name: 'help', run: (_rest, { desk }) => show(desk, 'help') },
  {
    name: 'me',
    run: (rest, { desk }) => {
      if (!rest) return 'incomplete'
      desk.send({ text: rest, action: true })
      return 'done'
    },
  },
  { name: 'poll', run: (rest, { desk }) => (rest.includes('|') ? poll(rest, desk) : show(desk, 'poll', rest)) },
  {
    name: 'topic',
    run: async (topic, { desk }) => ((await desk.ask<'setTopic'>({ type: 'setTopic', topic })) ? 'done' : 'refused'),
  },
  { name: 'msg', run: writeTo },
  { name: 'search', run: (rest, { desk }) => show(desk, 'search', rest) },
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
export async function runCommand(text: string, around: Around): Promise<Outcome> {
  const asked = readCommand(text)
  const command = commands.find(({ name }) => name === asked?.name)
  return asked && command ? await command.run(asked.rest, around) : 'unknown'
}

/** Why a command was not done and what to type instead; nothing where there is nothing to say. */
export function whyNot(outcome: Outcome, text: string, words: MoreWords): string | undefined {
  const name = readCommand(text)?.name ?? ''
  switch (outcome) {
    case 'unknown':
      return words.noCommand(`/${name}`)
    case 'incomplete':
      return words.halfCommand(`/${name}`, words.commands[name as keyof MoreWords['commands']])
    case 'nobody':
      return words.nobodyCalled
    case 'poll':
      return words.pollBad
    case 'done':
    case 'refused':
      return undefined
  }
}

function show(desk: Desk, dialog: Dialog, begun = ''): Outcome {
  desk.begun.set(begun)
  desk.dialog.set(dialog)
  return 'done'
}

function done(action: () => void): Outcome {
  action()
  return 'done'
}

/** `/date 2026-07-14`; without a day, it is asked for. */
function goTo(rest: string, { desk }: Around): Outcome {
  if (!rest) return show(desk, 'date')
  const at = dayStart(rest)
  if (at === undefined) return 'incomplete'
  void desk.goTo(at)
  return 'done'
}

/** `/poll Where? | Here | There` */
function poll(rest: string, desk: Desk): Outcome {
  const [question = '', ...typed] = rest.split('|').map((part) => part.trim())
  // A stroke at the end is no empty option.
  if (typed.at(-1) === '') typed.pop()
  const options = pollOptions(typed)
  if (!question || !options) return 'poll'
  desk.send({ text: question, poll: { options } })
  return 'done'
}

/** `/msg Ana see you there`; without a text the field is for Ana alone from now on. She need not be here: who wrote what is loaded counts. */
function writeTo(rest: string, { desk }: Around): Outcome {
  if (!rest) return 'incomplete'
  const { people, me, entries } = desk.client.state()
  const known = new Map(entries.map(({ member, name }) => [member, { id: member, name }]))
  for (const person of people) known.set(person.id, person)
  known.delete(me?.id ?? '')
  const { to, text } =
    readAddressee(
      rest,
      [...people, ...known.values()].filter(({ id }) => known.has(id)),
    ) ?? {}
  if (!to) return 'nobody'
  if (text) desk.client.send({ text, to })
  else desk.intent.set({ kind: 'write', to })
  return 'done'
}
