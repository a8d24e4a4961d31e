import { expect, test } from 'vitest'
import { type CallOptions, openCall } from './call-client.ts'
import type { CallState } from './call-state.ts'

type Listener = (...values: never[]) => void

/** As much of livekit-client's room as a call touches. Each connect ends as the test says. */
class StandInRoom {
  static outcomes: ('connected' | Error)[] = []
  static asked: object | undefined
  static tokens: string[] = []
  static last: StandInRoom | undefined
  readonly listeners = new Map<string, Listener[]>()
  readonly remoteParticipants = new Map<string, unknown>()
  readonly localParticipant = person('me', true)
  readonly canPlaybackAudio = true
  state = 'disconnected'

  constructor() {
    StandInRoom.last = this
  }

  on(event: string, listener: Listener): this {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener])
    return this
  }

  tell(event: string, ...values: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(...(values as never[]))
  }

  async connect(_url: string, token: string, options: object): Promise<void> {
    StandInRoom.tokens.push(token)
    StandInRoom.asked = options
    const outcome = StandInRoom.outcomes.shift() ?? 'connected'
    if (outcome !== 'connected') throw outcome
    this.state = 'connected'
  }

  async disconnect(): Promise<void> {
    this.state = 'disconnected'
  }
}

function person(identity: string, isLocal = false) {
  return {
    identity,
    name: identity,
    isLocal,
    isSpeaking: false,
    connectionQuality: 'good',
    joinedAt: new Date(0),
    getTrackPublication: () => undefined,
  }
}

const events = new Proxy({}, { get: (_, name) => name })
const livekit = {
  Room: StandInRoom,
  RoomEvent: events,
  DefaultReconnectPolicy: class {},
  ConnectionState: { Disconnected: 'disconnected' },
  Track: { Source: { Microphone: 'microphone', Camera: 'camera', ScreenShare: 'screen_share' } },
}

function start(...outcomes: ('connected' | Error)[]) {
  StandInRoom.outcomes = outcomes
  StandInRoom.tokens = []
  const waits: { ms: number; run: () => void }[] = []
  const seen: CallState['phase'][] = []
  let tickets = 0
  const client = openCall({
    ticket: async () => {
      tickets += 1
      return { url: 'ws://maru.test', token: `ticket ${tickets}` }
    },
    choices: { name: 'Me', microphone: false, camera: false },
    load: (async () => livekit) as unknown as NonNullable<CallOptions['load']>,
    schedule: (run, ms) => {
      waits.push({ ms, run })
      return () => {}
    },
  })
  client.subscribe(({ standing }) => {
    if (seen.at(-1) !== standing.phase) seen.push(standing.phase)
  })
  const phase = (wanted: CallState['phase']) => expect.poll(() => client.state().standing.phase).toBe(wanted)
  const due = async () => {
    await expect.poll(() => waits.length).toBeGreaterThan(0)
    waits.shift()?.run()
  }
  return { client, seen, waits, phase, due, room: () => StandInRoom.last as StandInRoom }
}

test('joins, shows who is there, and leaves', async () => {
  const { client, phase, room } = start()
  client.join()
  await phase('live')
  room().remoteParticipants.set('ana', person('ana'))
  room().tell('ParticipantConnected')
  await expect.poll(() => client.state().people.map(({ identity }) => identity)).toEqual(['me', 'ana'])
  await client.leave()
  expect(client.state()).toMatchObject({ standing: { phase: 'ended', reason: 'left' }, people: [] })
})

test('prefers voices to pictures where a line does not carry both', async () => {
  const { client, phase } = start()
  client.join()
  await phase('live')
  expect(StandInRoom.asked).toEqual({ subscriberAllowPause: true })
})

test('comes back after a lost connection, each time with a fresh ticket, and keeps the faces meanwhile', async () => {
  const { client, seen, phase, due, room } = start('connected', new Error('no server'), 'connected')
  client.join()
  await phase('live')
  room().remoteParticipants.set('ana', person('ana'))
  room().tell('ParticipantConnected')
  await expect.poll(() => client.state().people).toHaveLength(2)
  room().tell('Disconnected', 9)
  await phase('reconnecting')
  expect(client.state().people.map(({ identity }) => identity)).toEqual(['me', 'ana'])
  await due()
  await due()
  await phase('live')
  expect(StandInRoom.tokens).toEqual(['ticket 1', 'ticket 2', 'ticket 3'])
  expect(seen).toEqual(['joining', 'live', 'reconnecting', 'live'])
})

test('does not come back when somebody else’s wish has ended it', async () => {
  const { client, waits, phase, room } = start()
  client.join()
  await phase('live')
  room().tell('Disconnected', 2)
  expect(client.state().standing).toEqual({ phase: 'ended', reason: 'duplicate' })
  expect(waits).toEqual([])
})

test('a call that is left while it joins stays left', async () => {
  const { client } = start()
  client.join()
  await client.leave()
  await expect.poll(() => StandInRoom.tokens.length).toBeLessThan(2)
  expect(client.state().standing).toEqual({ phase: 'ended', reason: 'left' })
})

test('a full room is told as one', async () => {
  const { client, phase } = start(Object.assign(new Error('room is full'), { name: 'ConnectionError', reason: 0 }))
  client.join()
  await phase('ended')
  expect(client.state().standing).toEqual({ phase: 'ended', reason: 'room_full' })
})
