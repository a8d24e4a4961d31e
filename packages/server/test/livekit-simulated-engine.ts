/**
 * A fake engine that behaves like one on a perfect network. An offer's SDP is the JSON of its `OfferedMedia[]`, so that a
 * test says directly what a client sends.
 */
import { createFakeEngine, type FakeEngine } from '../src/media/fake-engine.ts'
import type { EngineCommand, EngineEvent, OfferedMedia, WantedTrack } from '../src/media/media-engine.ts'

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
  let nextOffer = 7

  const say = (...events: EngineEvent[]) => queueMicrotask(() => fake.emit(...events))
  const connect = (transport: number) => {
    if (connected.has(transport)) return
    connected.add(transport)
    say({ type: 'transportConnected', transport })
  }

  function answer(transport: number, offer: number, sdp: string): void {
    if (!sdp.startsWith('[')) {
      say({ type: 'negotiationFailed', transport, offer, message: 'no SDP' })
      return
    }
    say({ type: 'answered', transport, offer, sdp: `answer to ${sdp}`, media: JSON.parse(sdp), tracks: [] })
    connect(transport)
  }

  function offer(transport: number, tracks: WantedTrack[]): void {
    wanted.set(transport, tracks)
    nextOffer += 1
    const mids = tracks.map(({ track }, index) => ({ mid: String(index + 1), track }))
    say({ type: 'offered', transport, offer: nextOffer, sdp: 'offer', tracks: mids })
  }

  function follow(command: EngineCommand): void {
    if (command.type === 'openTransport') open.set(command.transport, command.role)
    else if (command.type === 'closeTransport') open.delete(command.transport)
    else if (command.type === 'acceptOffer') answer(command.transport, command.offer, command.sdp)
    else if (command.type === 'subscribe') offer(command.transport, command.wanted)
    else if (command.type === 'acceptAnswer') {
      connect(command.transport)
      for (const { track } of wanted.get(command.transport) ?? []) {
        say({ type: 'subscriptionStarted', transport: command.transport, track })
      }
    } else if (command.type === 'publishTrack') {
      published.set(command.track, { transport: command.transport, mid: command.mid, muted: false })
    } else if (command.type === 'unpublishTrack') published.delete(command.track)
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

/** One section of a client's offer. */
export function section(mid: string, trackId: string, kind: 'audio' | 'video' = 'video', sending = true): OfferedMedia {
  const mimeType = kind === 'audio' ? 'audio/red' : 'video/VP8'
  return { mid, kind, streamId: '-', trackId, mimeType, rids: [], sending }
}
