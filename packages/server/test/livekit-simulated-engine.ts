/**
 * A fake engine that behaves like one on a perfect network. An offer's SDP is the JSON of its `OfferedMedia[]`, so that a
 * test says directly what a client sends.
 */
import { createFakeEngine, type FakeEngine } from '../src/media/fake-engine.ts'
import type { EngineCommand, EngineEvent, MidTrack, OfferedMedia, WantedTrack } from '../src/media/media-engine.ts'

export interface SimulatedEngine extends FakeEngine {
  /** What the subscriber transport of each participant was last told to carry, by transport. */
  wanted: Map<number, WantedTrack[]>
  published: Map<string, { transport: number; mid: string; muted: boolean }>
  sent: Extract<EngineCommand, { type: 'sendData' }>[]
  open: Map<number, Extract<EngineCommand, { type: 'openTransport' }>['role']>
}

export function createSimulatedEngine(): SimulatedEngine {
  const fake = createFakeEngine()
  const wanted: SimulatedEngine['wanted'] = new Map()
  const published: SimulatedEngine['published'] = new Map()
  const sent: SimulatedEngine['sent'] = []
  const open: SimulatedEngine['open'] = new Map()
  const connected = new Set<number>()
  const singles = new Map<number, { media: OfferedMedia[]; carried: MidTrack[] }>()
  let nextOffer = 7

  const say = (...events: EngineEvent[]) => queueMicrotask(() => fake.emit(...events))
  const connect = (transport: number) => {
    if (connected.has(transport)) return
    connected.add(transport)
    say({ type: 'transportConnected', transport })
  }

  function answer(transport: number, offer: number, sdp: string): void {
    const media = readMedia(sdp)
    if (!media) {
      say({ type: 'negotiationFailed', transport, offer, message: 'no SDP' })
      return
    }
    const tracks = open.get(transport) === 'single' ? assign(transport, media) : []
    say({ type: 'answered', transport, offer, sdp: `answer to ${sdp}`, media, tracks })
    connect(transport)
    for (const { track } of tracks) say({ type: 'subscriptionStarted', transport, track })
    if (singles.has(transport)) requireSections(transport)
  }

  /** What is wanted takes the sections that the client offers to receive on. */
  function assign(transport: number, media: OfferedMedia[]): MidTrack[] {
    const wishes = (wanted.get(transport) ?? []).map(({ track }) => track)
    const carried = (singles.get(transport)?.carried ?? []).filter(({ track }) => wishes.includes(track))
    for (const track of wishes.filter((wish) => !carried.some((each) => each.track === wish))) {
      const free = freeOf(media, carried).find((section) => section.kind === kindOf(track))
      if (free) carried.push({ mid: free.mid, track })
    }
    singles.set(transport, { media, carried })
    return carried
  }

  /** The client is told what its next offer has to add; before its first one nothing. */
  function requireSections(transport: number): void {
    const single = singles.get(transport)
    const wishes = (wanted.get(transport) ?? []).map(({ track }) => track)
    if (!single) return
    const missing = wishes.filter((track) => !single.carried.some((each) => each.track === track))
    if (missing.length === 0 && single.carried.length <= wishes.length) return
    const lacks = (kind: 'audio' | 'video') => {
      const free = freeOf(single.media, single.carried).filter((section) => section.kind === kind)
      return Math.max(0, missing.filter((track) => kindOf(track) === kind).length - free.length)
    }
    say({ type: 'sectionsRequired', transport, audio: lacks('audio'), video: lacks('video') })
  }

  function offer(transport: number, tracks: WantedTrack[]): void {
    nextOffer += 1
    const mids = tracks.map(({ track }, index) => ({ mid: String(index + 1), track }))
    say({ type: 'offered', transport, offer: nextOffer, sdp: 'offer', tracks: mids })
  }

  /** Who received the track is asked to agree that it is gone. */
  function unpublish(gone: string): void {
    published.delete(gone)
    for (const [transport, tracks] of wanted) {
      if (open.has(transport) && tracks.some(({ track }) => track === gone)) {
        want(
          transport,
          tracks.filter(({ track }) => track !== gone),
        )
      }
    }
  }

  function want(transport: number, tracks: WantedTrack[]): void {
    const before = wanted.get(transport)?.map(({ track }) => track)
    wanted.set(transport, tracks)
    if (open.get(transport) === 'single') requireSections(transport)
    else if (before?.join() !== tracks.map(({ track }) => track).join()) offer(transport, tracks)
  }

  function follow(command: EngineCommand): void {
    if (command.type === 'openTransport') open.set(command.transport, command.role)
    else if (command.type === 'closeTransport') open.delete(command.transport)
    else if (command.type === 'acceptOffer') answer(command.transport, command.offer, command.sdp)
    else if (command.type === 'subscribe') want(command.transport, command.wanted)
    else if (command.type === 'restartIce') offer(command.transport, wanted.get(command.transport) ?? [])
    else if (command.type === 'acceptAnswer') {
      connect(command.transport)
      for (const { track } of wanted.get(command.transport) ?? []) {
        say({ type: 'subscriptionStarted', transport: command.transport, track })
      }
    } else if (command.type === 'publishTrack') {
      published.set(command.track, { transport: command.transport, mid: command.mid, muted: false })
    } else if (command.type === 'unpublishTrack') unpublish(command.track)
    else if (command.type === 'setTrackMuted') {
      const track = published.get(command.track)
      if (track) track.muted = command.muted
    } else if (command.type === 'sendData') sent.push(command)
  }

  return Object.assign(fake, {
    wanted,
    published,
    sent,
    open,
    apply: (commands: EngineCommand[]) => {
      fake.commands.push(...commands)
      for (const command of commands) follow(command)
    },
  })
}

function readMedia(sdp: string): OfferedMedia[] | undefined {
  try {
    return JSON.parse(sdp)
  } catch {
    return undefined
  }
}

function freeOf(media: OfferedMedia[], carried: MidTrack[]): OfferedMedia[] {
  return media.filter(({ sending, mid }) => !sending && !carried.some((each) => each.mid === mid))
}

/** The letter after `TR_` says it. */
function kindOf(track: string): OfferedMedia['kind'] {
  return track[3] === 'A' ? 'audio' : 'video'
}

/** One section of a client's offer. */
export function section(mid: string, trackId: string, kind: 'audio' | 'video' = 'video', sending = true): OfferedMedia {
  const mimeType = kind === 'audio' ? 'audio/red' : 'video/VP8'
  return { mid, kind, streamId: '-', trackId, mimeType, rids: [], sending }
}
