/** What tests of calls begin with: a call, who is in it, what they publish; and what came of an input. */
import { createCall } from '../src/calls/call.ts'
import type { CallMessage, Effect } from '../src/calls/effect.ts'
import type { JoinRequest } from '../src/calls/join.ts'
import type { Permissions } from '../src/calls/permissions.ts'
import { type CallInput, step } from '../src/calls/step.ts'
import type { LayerQuality, TrackRequest, VideoLayer } from '../src/calls/track.ts'
import type { EngineCommand, OfferedMedia } from '../src/media/media-engine.ts'

/** What an ordinary person may do. */
export const permissions: Permissions = {
  canPublish: true,
  canSubscribe: true,
  canPublishData: true,
  canPublishSources: [],
  canUpdateOwnMetadata: true,
  canSubscribeMetrics: false,
  canManageAgentSession: false,
  hidden: false,
  recorder: false,
  agent: false,
}

/** How `ana`, who becomes `PA_ana`, joins. */
export function joinRequest(identity: string, more: Partial<JoinRequest> = {}): JoinRequest {
  return {
    sid: `PA_${identity}`,
    identity,
    name: '',
    metadata: '',
    attributes: {},
    kind: 'standard',
    kindDetails: [],
    permissions,
    client: { protocol: 17, clientProtocol: 0, capabilities: [] },
    autoSubscribe: true,
    adaptiveStream: false,
    allowPause: false,
    single: false,
    ...more,
  }
}

type Said = Extract<CallInput, { type: 'participant' }>['input']

/** A call with these people in it, transports numbered from 1 in their order. */
export function stageCall(identities: readonly string[], more: Partial<JoinRequest> = {}) {
  let chance = 0
  const random = (size: number) =>
    Uint8Array.from({ length: size }, () => {
      chance += 7
      return chance
    })
  const call = createCall('hall', {}, 0, random)
  let now = 1
  const run = (input: CallInput) => step(call, input, now, random)
  const pass = (ms: number) => {
    now += ms
    return run({ type: 'tick' })
  }
  let transport = 0
  const nextTransport = () => {
    transport += 1
    return transport
  }
  for (const identity of identities) {
    const request = joinRequest(identity, more)
    const publisher = nextTransport()
    const subscriber = request.single ? publisher : nextTransport()
    run({ type: 'join', request, transports: { publisher, subscriber } })
  }
  const say = (participant: string, input: Said) => run({ type: 'participant', participant, input })
  return { call, run, pass, say }
}

export function layer(quality: LayerQuality, width: number, height: number): VideoLayer {
  return { quality, width, height, bitrate: 0, ssrc: 0, spatialLayer: 0, rid: '' }
}

/** What a client says of a track before it offers it. */
export function trackRequest(cid: string, kind: 'audio' | 'video', more: Partial<TrackRequest> = {}): TrackRequest {
  return {
    cid,
    kind,
    name: '',
    source: 'unknown',
    muted: false,
    width: 0,
    height: 0,
    stream: '',
    layers: [],
    codecs: [],
    disableDtx: false,
    disableRed: false,
    stereo: false,
    traits: { audioFeatures: [], encryption: 0, backupCodecPolicy: 0, packetTrailerFeatures: [] },
    ...more,
  }
}

/** A media section of an offer that sends. */
export function offeredMedia(mid: string, trackId: string, more: Partial<OfferedMedia> = {}): OfferedMedia {
  return { mid, kind: 'video', streamId: '', trackId, mimeType: 'video/VP8', rids: [], sending: true, ...more }
}

/** The commands of a kind that the engine is given. */
export function commands<Type extends EngineCommand['type']>(effects: readonly Effect[], type: Type) {
  return effects.flatMap((effect) =>
    effect.type === 'engine' && effect.command.type === type
      ? [effect.command as Extract<EngineCommand, { type: Type }>]
      : [],
  )
}

/** The messages of a kind that somebody is told, and who. */
export function told<Type extends CallMessage['type']>(effects: readonly Effect[], type: Type) {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === type
      ? [{ to: effect.to, ...(effect.message as Extract<CallMessage, { type: Type }>) }]
      : [],
  )
}
