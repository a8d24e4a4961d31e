import { initialState, type RoomClient } from '@maru/client'
import type { Message } from '@maru/protocol'
import { describe, expect, test } from 'vitest'
import { readCommand, runCommand, whyNot } from './commands.ts'
import { createDesk, lastEditable } from './desk.ts'
import { moreWords } from './more-words.ts'

function around() {
  const sent: unknown[] = []
  const state = {
    ...initialState('r', 'Me'),
    me: { id: 'me', name: 'Me' },
    people: [
      { id: 'a', name: 'Ana' },
      { id: 'b', name: 'Ana Lee' },
    ],
    entries: [{ seq: 1, at: 1, kind: 'message', member: 'c', name: 'Bo', text: 'bye', clientId: 'x' }],
  } as const
  const client = {
    state: () => state,
    send: (draft: unknown) => sent.push(draft),
    ask: () => Promise.reject(new Error('owners only')),
  } as unknown as RoomClient
  const quit = () => sent.push('quit')
  return {
    sent,
    desk: createDesk(client, () => undefined),
    quit,
    invite: () => sent.push('invite'),
    settings: () => sent.push('settings'),
  }
}

describe('commands', () => {
  test('are a stroke and a word; paths are not', () => {
    expect(readCommand('/me waves  ')).toEqual({ name: 'me', rest: 'waves' })
    expect(readCommand('/HELP')).toEqual({ name: 'help', rest: '' })
    expect(['/etc/hosts', '//me', '/', 'say /me', '/1'].map(readCommand)).toEqual(Array(5).fill(undefined))
  })

  test('/me, /poll, /invite, /settings and /quit do what they say', async () => {
    const room = around()
    for (const text of ['/me waves', '/poll Where? | Here | There', '/invite', '/settings', '/quit'])
      expect(await runCommand(text, room)).toBe('done')
    expect(room.sent).toEqual([
      { text: 'waves', action: true },
      { text: 'Where?', poll: { options: ['Here', 'There'] } },
      'invite',
      'settings',
      'quit',
    ])
  })

  test('/msg takes the longest name that fits, whole, of who is here or has written', async () => {
    const room = around()
    await runCommand('/msg @Ana Lee hello', room)
    await runCommand('/msg Ana hello', room)
    await runCommand('/msg bo hello', room)
    expect(room.sent).toEqual([
      { text: 'hello', to: { id: 'b', name: 'Ana Lee' } },
      { text: 'hello', to: { id: 'a', name: 'Ana' } },
      { text: 'hello', to: { id: 'c', name: 'Bo' } },
    ])
    // What is meant for one is never told to another of a shorter name.
    for (const text of ['/msg Nobody hello', '/msg Anabel hello', '/msg Me hello'])
      expect([text, await runCommand(text, room)]).toEqual([text, 'nobody'])
    expect(await runCommand('/msg', room)).toBe('incomplete')
    expect(await runCommand('/nothing', room)).toBe('unknown')
    expect(room.sent).toHaveLength(3)
    expect(await runCommand('/msg Ana', room)).toBe('done')
    expect(room.desk.intent.state()).toEqual({ kind: 'write', to: { id: 'a', name: 'Ana' } })
  })

  test('what one does or asks goes where the field leads: to one person alone, as an answer, into the thread', async () => {
    const room = around()
    const ana = { id: 'a', name: 'Ana' }
    const [asked] = room.desk.client.state().entries as Message[]
    room.desk.intent.set({ kind: 'write', to: ana })
    await runCommand('/me whispers', room)
    await runCommand('/poll Where? | Here | There', room)
    expect(room.desk.intent.state()).toEqual({ kind: 'write', to: ana })
    room.desk.intent.set({ kind: 'reply', message: asked as Message })
    await runCommand('/me nods', room)
    expect(room.desk.intent.state()).toEqual({ kind: 'write' })
    room.desk.thread.set(7)
    await runCommand('/me agrees', room)
    expect(room.sent).toEqual([
      { text: 'whispers', action: true, to: ana },
      { text: 'Where?', poll: { options: ['Here', 'There'] }, to: ana },
      { text: 'nods', action: true, replyTo: 1 },
      { text: 'agrees', action: true, replyTo: 7 },
    ])
  })

  test('an answer to what is between two is for the other of them, whatever becomes of what it answers', () => {
    const [me, ana] = [
      { id: 'me', name: 'Me' },
      { id: 'a', name: 'Ana' },
    ]
    const said = { at: 1, kind: 'message', text: '', clientId: '' } as const
    const hers: Message = { ...said, seq: 1, member: ana.id, name: ana.name, to: me }
    const mine: Message = { ...said, seq: 2, member: me.id, name: me.name, to: ana }
    const sent: unknown[] = []
    const state = { ...initialState('r', 'Me'), me, thread: { root: 1, entries: [mine], hasOlder: true } }
    const client = { state: () => state, send: (draft: unknown) => sent.push(draft) } as unknown as RoomClient
    const desk = createDesk(client, () => undefined)
    for (const message of [hers, mine]) {
      desk.intent.set({ kind: 'reply', message })
      desk.send({ text: 'yes' })
    }
    desk.send({ text: 'to everybody' })
    desk.thread.set(1)
    desk.send({ text: 'in the thread' })
    expect(sent).toEqual([
      { text: 'yes', replyTo: 1, to: ana },
      { text: 'yes', replyTo: 2, to: ana },
      { text: 'to everybody' },
      { text: 'in the thread', replyTo: 1, to: ana },
    ])
  })

  test('the arrow up edits the last own message, in a thread the last one of it', () => {
    const said = (seq: number, member: string) => ({
      seq,
      at: seq,
      kind: 'message',
      member,
      name: '',
      text: '',
      clientId: '',
    })
    const entries = [said(1, 'me'), said(2, 'a'), said(3, 'me')]
    const state = { entries, me: { id: 'me', name: 'Me' }, thread: { entries: entries.slice(0, 2) } }
    const desk = createDesk({ state: () => state } as unknown as RoomClient, () => undefined)
    expect(lastEditable(desk)?.seq).toBe(3)
    desk.thread.set(1)
    expect(lastEditable(desk)?.seq).toBe(1)
  })

  test('what was typed behind /search and /poll stands in what they open', async () => {
    const room = around()
    for (const [text, dialog, begun] of [
      ['/search  fresh bread', 'search', 'fresh bread'],
      ['/poll Where?', 'poll', 'Where?'],
      ['/pins', 'pins', ''],
    ]) {
      expect(await runCommand(text ?? '', room)).toBe('done')
      expect([room.desk.dialog.state(), room.desk.begun.state()]).toEqual([dialog, begun])
    }
  })

  test('what cannot be done is said in words that fit, and stays in the field', async () => {
    const room = around()
    for (const [text, outcome, words] of [
      ['/poll Where? | Here', 'poll', 'two to twenty options'],
      ['/poll Where? | Here | here', 'poll', 'each of them different'],
      ['/poll Where? | Here |', 'poll', 'two to twenty options'],
      ['/poll | Here | There', 'poll', 'two to twenty options'],
      ['/date tomorrow', 'incomplete', '/date 2026-07-14'],
      ['/me', 'incomplete', '/me waves'],
      ['/msg Nobody hello', 'nobody', 'Nobody of that name'],
      ['/dance now', 'unknown', 'There is no /dance.'],
      ['/topic Bread', 'refused', undefined],
    ] as const) {
      const found = await runCommand(text, room)
      expect([text, found]).toEqual([text, outcome])
      const said = whyNot(found, text, moreWords('en'))
      if (words === undefined) expect(said).toBe(undefined)
      else expect(said).toContain(words)
    }
    expect(room.sent).toEqual([])
  })
})
