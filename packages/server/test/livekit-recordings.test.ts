/**
 * Conversations of unmodified clients with LiveKit's own server, held again with this one: the same words at the same
 * times, through the translation and the pure step. Ours may say something sooner, and other sids; what everybody knows
 * in the end has to be the same.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { SignalRequest, SignalResponse } from '@livekit/protocol'
import { expect, test } from 'vitest'
import type { CallMessage } from '../src/calls/effect.ts'
import { createLiveCalls } from '../src/calls/live-calls.ts'
import { readRequest } from '../src/livekit/read-request.ts'
import type { SignalAsk } from '../src/livekit/signal-codec.ts'
import { writeMessage } from '../src/livekit/write-message.ts'
import type { OfferedMedia } from '../src/media/media-engine.ts'
import { createSimulatedEngine } from './livekit-simulated-engine.ts'
import { digest, type Event, type Fields, isCompared, type Word } from './recordings/conversation.ts'

/** How far the clocks of two actors may differ. */
const SLACK_MS = 500
const start = 1_700_000_000_000
const folder = new URL('./recordings/', import.meta.url)
const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
const permissions = {
  canPublish: true,
  canSubscribe: true,
  canPublishData: true,
  canPublishSources: [],
  canUpdateOwnMetadata: false,
  canManageAgentSession: false,
  canSubscribeMetrics: false,
  hidden: false,
  recorder: false,
  agent: false,
}

type Heard = Word & { conn: number; at: number }

/** Sections that are added where more are asked for. */
const spare = 'a1 audio; a2 audio; v1 video; v2 video'

/** The SDP as the simulated engine reads it. */
function media(text: string): string {
  const sections = text === '' ? [] : text.split('; ')
  const read = sections.map((section): OfferedMedia => {
    const [mid = '', kind, sends, trackId = '', rids = ''] = section.split(' ')
    return {
      mid,
      kind: kind === 'audio' ? 'audio' : 'video',
      streamId: '-',
      trackId,
      mimeType: kind === 'audio' ? 'audio/red' : 'video/VP8',
      rids: rids === '' ? [] : rids.split(','),
      sending: sends !== undefined,
    }
  })
  return JSON.stringify(read)
}

/** Holds the conversation again and gives what each actor heard from us. */
async function hold(events: Event[]): Promise<Map<string, Heard[]>> {
  const clock = { now: start }
  const heard = new Map<string, Heard[]>()
  const lines = new Map<string, { actor: string; conn: number }>()
  const sids = new Map<string, string>()
  let count = 0
  const label = (text: string) => {
    for (const [name, sid] of sids) text = text.replaceAll(sid, name)
    return text
  }
  const resolve = (text: string) => text.replace(/(?:TR|PA):[^"]+/g, (name) => sids.get(name) ?? name)

  function deliver(to: string[], message: CallMessage): void {
    const reply = writeMessage(message, { nodeId: 'ND_test', version: '0' })
    checkForNatives(reply)
    const word = reply.case
    const json = (new SignalResponse({ message: reply }).toJson() as Record<string, Fields>)[word] ?? {}
    for (const sid of to) {
      const line = lines.get(sid)
      if (!line || !isCompared(word)) continue
      if (message.type === 'trackAccepted') sids.set(`TR:${identityOf(line.actor)}:${message.cid}`, message.track.sid)
      const value = JSON.parse(label(JSON.stringify(digest(word, json))))
      heard.get(line.actor)?.push({ case: word, value, conn: line.conn, at: clock.now })
    }
  }

  const engine = createSimulatedEngine()
  const log = {
    debug: () => {},
    error: (text: string, fields?: object) => expect.fail(`${text} ${JSON.stringify(fields)}`),
  }
  const calls = createLiveCalls({
    engine,
    now: () => clock.now,
    schedule: () => () => {},
    random: (size) => Uint8Array.from({ length: size }, (_, index) => (count++ * 31 + index * 7) % 251),
    deliver,
    refreshToken: () => {},
    disconnect: (sid) => void lines.delete(sid),
    publish: () => {},
    happened: () => {},
    readData: () => undefined,
    awake: () => {},
    log,
  })
  const identities = new Map(events.flatMap(({ actor, opens }) => (opens ? [[actor, opens.identity]] : [])))
  const identityOf = (actor: string) => identities.get(actor) ?? ''
  const sidOf = (actor: string, conn: number) =>
    [...lines].find(([, line]) => line.actor === actor && line.conn === conn)?.[0]

  function ask(sid: string, json: object): void {
    const { message } = SignalRequest.fromJsonString(JSON.stringify(json), { ignoreUnknownFields: true })
    const input = readRequest(message as SignalAsk)
    if (input && input.type !== 'refused') calls.fromClient(sid, input)
  }

  function open({ actor, conn, opens }: Event): void {
    if (!opens) return
    const {
      identity,
      name,
      metadata,
      attributes,
      describesItself,
      resumes,
      single,
      autoSubscribe,
      adaptiveStream,
      offer,
    } = opens
    if (resumes !== undefined) {
      const found = calls.findResumable('hall', identity, resolve(resumes))
      const participant = found.type === 'goesOn' ? found.participant : `refused ${actor} ${conn}`
      lines.set(participant, { actor, conn })
      if (found.type === 'goesOn') calls.fromClient(participant, { type: 'resume' })
      else if (found.type === 'refused')
        deliver([participant], { type: 'leave', reason: found.reason, action: found.action })
      return
    }
    const sid = `PA_${actor}${conn}x${events.length}`
    sids.set(`PA:${identity}`, sid)
    lines.set(sid, { actor, conn })
    const client = { protocol: 17, clientProtocol: 0, capabilities: [] }
    const about = { name, metadata, attributes, kind: 'standard' as const, kindDetails: [] }
    const rights = { ...permissions, canUpdateOwnMetadata: describesItself }
    const how = { client, autoSubscribe, adaptiveStream, allowPause: false, single }
    const request = { sid, identity, ...about, permissions: rights, ...how }
    calls.join('hall', request, {})
    if (offer) ask(sid, { offer: { type: 'offer', id: offer.id, sdp: media(offer.sdp) } })
  }

  let ticked = 0
  for (const event of events) {
    for (; ticked + 1_000 <= event.at; ticked += 1_000) calls.tick()
    clock.now = start + event.at
    if (!heard.has(event.actor)) heard.set(event.actor, [])
    const sid = sidOf(event.actor, event.conn)
    if (event.opens) open(event)
    else if (event.closes && sid) {
      lines.delete(sid)
      calls.fromClient(sid, { type: 'loseSignal' })
    } else if (event.says && sid) {
      const { case: word, value } = event.says
      const sdp = value as { sdp?: string }
      const full = word === 'offer' ? { ...sdp, sdp: media(sdp.sdp ?? '') } : value
      ask(sid, JSON.parse(resolve(JSON.stringify({ [word]: full }))))
    }
    // What the engine has to say about it.
    await new Promise((done) => setImmediate(done))
    await settle()
  }
  return heard

  /** Theirs asked at another moment; a client that is asked by us offers once more. */
  async function settle(): Promise<void> {
    for (const [sid, { actor, conn }] of lines) {
      const words = heard.get(actor)?.filter((word) => word.conn === conn) ?? []
      const asked = words.findLastIndex((word) => word.case === 'mediaSectionsRequirement')
      const answered = words.findLastIndex((word) => word.case === 'answer')
      const last = events.findLast(
        (event) => event.actor === actor && event.conn === conn && event.says?.case === 'offer',
      )
      if (asked <= answered || !last) continue
      const { id = 0, sdp = '' } = (last.says?.value ?? {}) as { id?: number; sdp?: string }
      ask(sid, { offer: { type: 'offer', id: id + 1, sdp: media(`${sdp}; ${spare}`) } })
    }
    await new Promise((done) => setImmediate(done))
  }
}

/** Programs built on the native client end when they hear any of these. */
function checkForNatives(reply: { case: string; value: unknown }): void {
  expect(reply.case).not.toBe('trickle')
  if (reply.case !== 'join') return
  const { pingInterval, pingTimeout, participant, serverInfo } = reply.value as {
    pingInterval: number
    pingTimeout: number
    participant?: { permission?: object }
    serverInfo?: { version: string }
  }
  expect(Math.min(pingInterval, pingTimeout)).toBeGreaterThan(0)
  expect(participant?.permission).toBeDefined()
  expect(serverInfo?.version).toMatch(/^\d+\.\d+\.\d+$/)
}

/** What somebody knows after all that was said to it. */
function knowledge(words: Heard[], self: string) {
  const firsts = new Map<number, string>()
  const people = new Map<string, Fields>()
  let media: Fields = {}
  const allowed = new Map<string, unknown>()
  for (const { case: word, value, conn } of words) {
    if (!firsts.has(conn)) firsts.set(conn, word)
    if (word === 'join') people.clear()
    for (const person of (value.participants ?? []) as { identity: string; state: string }[]) {
      if (person.state === 'DISCONNECTED') people.delete(person.identity)
      // Theirs tells of who is ready up to three seconds late, and not everybody of its own tracks.
      else people.set(person.identity, { ...person, state: 'here', ...(person.identity === self && { tracks: [] }) })
    }
    if (word === 'answer' || word === 'offer') media = value.midToTrackId as Fields
    if (word === 'subscriptionPermissionUpdate') allowed.set(String(value.trackSid), value.allowed ?? false)
  }
  const all = (kind: string, key: string) => words.filter((word) => word.case === kind).map(({ value }) => value[key])
  return {
    firsts: [...firsts.values()],
    people: Object.fromEntries(people),
    // Theirs goes on naming tracks of somebody who is gone until the client offers for another reason.
    receives: Object.values(media)
      .filter((sid) => JSON.stringify([...people.values()]).includes(String(sid)))
      .sort(),
    allowed: Object.fromEntries(allowed),
    accepted: all('trackPublished', 'cid'),
    received: [...new Set(all('trackSubscribed', 'trackSid'))].sort(),
    refused: all('requestResponse', 'reason'),
    // Who goes by itself may not listen any more.
    leaves: words.flatMap(({ case: word, value }) =>
      word === 'leave' && value.reason !== 'CLIENT_INITIATED' ? [value] : [],
    ),
  }
}

test.each(names)('%s', async (name) => {
  const lines = readFileSync(new URL(name, folder), 'utf8').trim().split('\n')
  const events: Event[] = lines.map((line) => JSON.parse(line))
  for (const [actor, heard] of await hold(events)) {
    const end = events.findLast((event) => event.actor === actor)?.at ?? 0
    const theirs = events.flatMap((event) =>
      event.actor === actor && event.hears ? [{ ...event.hears, conn: event.conn, at: event.at }] : [],
    )
    const self = events.find((event) => event.actor === actor)?.opens?.identity ?? ''
    const ours = knowledge(
      heard.filter(({ at }) => at <= start + end + SLACK_MS),
      self,
    )
    const expected = knowledge(theirs, self)
    // Theirs tells of newcomers that publish nothing up to three seconds late.
    for (const [identity, { tracks }] of Object.entries(ours.people)) {
      if (!expected.people[identity] && (tracks as unknown[]).length === 0) delete ours.people[identity]
    }
    expect({ [actor]: ours }).toEqual({ [actor]: expected })
  }
})
