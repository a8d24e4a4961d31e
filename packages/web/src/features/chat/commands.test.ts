import { initialState, type RoomClient } from '@maru/client'
import { describe, expect, test } from 'vitest'
import { readCommand, runCommand } from './commands.ts'
import { createDesk } from './desk.ts'

function around() {
  const sent: unknown[] = []
  const state = {
    ...initialState('r', 'Me'),
    me: { id: 'me', name: 'Me' },
    people: [
      { id: 'a', name: 'Ana' },
      { id: 'b', name: 'Ana Lee' },
    ],
  }
  const client = { state: () => state, send: (draft: unknown) => sent.push(draft) } as unknown as RoomClient
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

  test('/me, /poll, /invite, /settings and /quit do what they say', () => {
    const room = around()
    for (const text of ['/me waves', '/poll Where? | Here | There', '/invite', '/settings', '/quit'])
      expect(runCommand(text, room)).toBe('done')
    expect(room.sent).toEqual([
      { text: 'waves', action: true },
      { text: 'Where?', poll: { options: ['Here', 'There'] } },
      'invite',
      'settings',
      'quit',
    ])
  })

  test('/msg takes the longest name that fits', () => {
    const room = around()
    runCommand('/msg @Ana Lee hello', room)
    runCommand('/msg Ana hello', room)
    expect(room.sent).toEqual([
      { text: 'hello', to: { id: 'b', name: 'Ana Lee' } },
      { text: 'hello', to: { id: 'a', name: 'Ana' } },
    ])
    expect(runCommand('/msg Nobody hello', room)).toBe('incomplete')
    expect(runCommand('/nothing', room)).toBe('unknown')
  })
})
