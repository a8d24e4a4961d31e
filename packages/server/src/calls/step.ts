/**
 * The one way a call changes: an input goes in, the call is changed in place, effects come out in order.
 * Time and chance are arguments, so the same inputs always give the same effects.
 */
import type { AudioLevel, LayerInfo, MidTrack, OfferedMedia } from '../media/media-engine.ts'
import { announce } from './announce.ts'
import { type Call, type CallOptions, findTrack } from './call.ts'
import type { Effect, EndReason, Turn } from './effect.ts'
import { furtherCodecOf, sidOf } from './encoding.ts'
import { type DataEnvelope, forwardData, sendServerData } from './forward-data.ts'
import { type JoinRequest, join } from './join.ts'
import { dismiss, leave, loseSignal, loseTransport } from './leave.ts'
import { muteOther, muteOwn } from './mute.ts'
import {
  connectTransport,
  failNegotiation,
  passAnswer,
  passOffer,
  requireSections,
  takeAnswer,
  takeOffer,
} from './negotiate.ts'
import type { Participant, TrackPermission, TrackSettings, TransportState } from './participant.ts'
import { expireRpc, type RpcStage } from './pending-rpcs.ts'
import { performRpc, type RpcRequest } from './perform-rpc.ts'
import type { Permissions } from './permissions.ts'
import { addCodec } from './publish-codec.ts'
import { addTrack, describeLayers } from './publish-track.ts'
import { comeBack, type KeptState, missResume, resume, syncState } from './resume.ts'
import type { Random } from './sid.ts'
import { type Mishap, simulate } from './simulate.ts'
import { hearLevels } from './speakers.ts'
import {
  chooseTracks,
  failSubscription,
  pauseSubscription,
  permitSubscribers,
  setTracks,
  startSubscription,
} from './subscribe.ts'
import { endCall, tick } from './tick.ts'
import { noteLayer, type TrackRequest } from './track.ts'
import { type Details, updateCall, updateOther, updateOwnDetails } from './update-details.ts'
import { wantLayers } from './wanted-layers.ts'

/** What a participant's client asks. */
export type ClientInput =
  | { type: 'leave' }
  | { type: 'loseSignal' }
  | { type: 'misbehave' }
  | { type: 'comeBack' }
  | { type: 'resume' }
  | { type: 'missResume' }
  | { type: 'syncState'; kept: KeptState }
  | { type: 'offer'; offer: number; sdp: string }
  | { type: 'answer'; offer: number; sdp: string }
  | { type: 'addTrack'; request: TrackRequest; echo: unknown }
  | { type: 'addCodec'; track: string; request: TrackRequest; echo: unknown }
  | { type: 'mute'; track: string; muted: boolean }
  | { type: 'chooseTracks'; tracks: string[]; wanted: boolean }
  | { type: 'setTracks'; tracks: string[]; settings: TrackSettings }
  | { type: 'permitSubscribers'; allowed: 'everyone' | TrackPermission[] }
  | { type: 'updateDetails'; details: Details; requestId: number; echo: unknown }
  | { type: 'describeTrack'; track: string; audioFeatures?: number[]; width?: number; height?: number }
  | { type: 'simulate'; mishap: Mishap }

/** What the media engine reports of a participant's transports. */
export type MediaInput =
  | { type: 'answered'; offer: number; sdp: string; media: OfferedMedia[]; tracks: MidTrack[] }
  | { type: 'sectionsRequired'; audio: number; video: number }
  | { type: 'offered'; offer: number; sdp: string; tracks: MidTrack[] }
  | { type: 'negotiationFailed' }
  | { type: 'connected'; transport: number }
  | { type: 'closed'; transport: number }
  | { type: 'subscriptionStarted'; track: string }
  | { type: 'subscriptionFailed'; track: string; codec: boolean }
  | { type: 'subscriptionPaused'; track: string }
  | { type: 'subscriptionResumed'; track: string }
  | { type: 'data'; reliable: boolean; envelope: DataEnvelope }
  | { type: 'quality'; transport: number; lossPercent: number; rttMs: number }

/** What somebody with the right to it does to a participant. */
export type AdminInput =
  | { type: 'remove' }
  | { type: 'updateOther'; details: Details; permissions: Permissions | undefined }
  | { type: 'chooseTracksFor'; tracks: string[]; wanted: boolean }
  | { type: 'performRpc'; request: RpcRequest }

export type CallInput =
  | { type: 'join'; request: JoinRequest; transports: { publisher: number; subscriber: number } }
  | { type: 'tick' }
  | { type: 'end'; reason: EndReason }
  | { type: 'levels'; levels: AudioLevel[] }
  | { type: 'layerStarted'; track: string; layer: LayerInfo }
  | { type: 'wantedLayers'; track: string; spatial: number }
  | { type: 'muteOther'; track: string; muted: boolean; mayUnmute: boolean }
  | { type: 'updateCall'; options: Partial<CallOptions> }
  | { type: 'rpcOverdue'; id: string; stage: RpcStage }
  | { type: 'serverData'; reliable: boolean; envelope: DataEnvelope; nonce: string }
  | { type: 'participant'; participant: string; input: ClientInput | MediaInput | AdminInput }

/** @throws CallRefusal for what the rules forbid; the call is then as before. */
export function step(call: Call, input: CallInput, now: number, random: Random): Effect[] {
  const turn: Turn = { now, random, effects: [] }
  switch (input.type) {
    case 'join':
      join(call, turn, input.request, input.transports)
      break
    case 'tick':
      tick(call, turn)
      break
    case 'end':
      endCall(call, turn, input.reason)
      break
    case 'levels':
      hearLevels(call, turn, input.levels)
      break
    case 'layerStarted':
      startLayer(call, input.track, input.layer)
      break
    case 'wantedLayers':
      wantLayers(call, turn, input.track, input.spatial)
      break
    case 'muteOther':
      muteOther(call, turn, input.track, input.muted, input.mayUnmute)
      break
    case 'updateCall':
      updateCall(call, turn, input.options)
      break
    case 'serverData':
      sendServerData(call, turn, input)
      break
    case 'rpcOverdue':
      expireRpc(call, turn, input.id, input.stage)
      break
    case 'participant': {
      const participant = call.participants.get(input.participant)
      if (participant) stepParticipant(call, turn, participant, input.input)
    }
  }
  return turn.effects
}

type Handlers<Input extends { type: string }> = {
  [Type in Input['type']]: (
    call: Call,
    turn: Turn,
    participant: Participant,
    input: Extract<Input, { type: Type }>,
  ) => void
}

const handlers: Handlers<ClientInput | MediaInput | AdminInput> = {
  leave,
  loseSignal,
  misbehave: (call, turn, who) => dismiss(call, turn, who, 'stateMismatch'),
  comeBack,
  resume,
  missResume,
  syncState: (call, turn, who, { kept }) => syncState(call, turn, who, kept),
  offer: (call, turn, who, { offer, sdp }) => takeOffer(call, turn, who, offer, sdp),
  answer: (call, turn, who, { offer, sdp }) => takeAnswer(call, turn, who, offer, sdp),
  addTrack: (call, turn, who, { request, echo }) => addTrack(call, turn, who, request, echo),
  addCodec: (_call, turn, who, { track, request, echo }) => addCodec(turn, who, track, request, echo),
  mute: (call, turn, who, { track, muted }) => muteOwn(call, turn, who, track, muted),
  chooseTracks: (call, turn, who, { tracks, wanted }) => chooseTracks(call, turn, who, tracks, wanted),
  setTracks: (call, turn, who, { tracks, settings }) => setTracks(call, turn, who, tracks, settings),
  permitSubscribers: (call, turn, who, { allowed }) => permitSubscribers(call, turn, who, allowed),
  updateDetails: (call, turn, who, { details, requestId, echo }) =>
    updateOwnDetails(call, turn, who, details, requestId, echo),
  describeTrack,
  simulate: (call, turn, who, { mishap }) => simulate(call, turn, who, mishap),

  answered: passAnswer,
  offered: passOffer,
  sectionsRequired: (_call, turn, who, { audio, video }) => requireSections(turn, who, audio, video),
  negotiationFailed: failNegotiation,
  connected: (call, turn, who, { transport }) =>
    withTransport(who, transport, (it) => connectTransport(call, turn, who, it)),
  closed: loseTransport,
  subscriptionStarted: (call, turn, who, { track }) => startSubscription(call, turn, who, track),
  subscriptionFailed: failSubscription,
  subscriptionPaused: (_call, turn, who, { track }) => pauseSubscription(turn, who, track, true),
  subscriptionResumed: (_call, turn, who, { track }) => pauseSubscription(turn, who, track, false),
  data: (call, turn, who, { reliable, envelope }) => forwardData(call, turn, who, reliable, envelope),
  quality: (_call, _turn, who, { transport, lossPercent, rttMs }) =>
    withTransport(who, transport, (it) => Object.assign(it, { lossPercent, rttMs })),

  remove: (call, turn, who) => dismiss(call, turn, who, 'participantRemoved'),
  updateOther: (call, turn, who, { details, permissions }) => updateOther(call, turn, who, details, permissions),
  chooseTracksFor: (call, turn, who, { tracks, wanted }) => chooseTracks(call, turn, who, tracks, wanted),
  performRpc: (call, turn, who, { request }) => performRpc(call, turn, who, request),
}

function stepParticipant(
  call: Call,
  turn: Turn,
  participant: Participant,
  input: ClientInput | MediaInput | AdminInput,
): void {
  const handle = handlers[input.type] as (call: Call, turn: Turn, who: Participant, input: unknown) => void
  handle(call, turn, participant, input)
}

function withTransport(participant: Participant, id: number, act: (transport: TransportState) => unknown): void {
  if (id === participant.publisher.id) act(participant.publisher)
  else if (id === participant.subscriber.id) act(participant.subscriber)
}

function startLayer(call: Call, encoding: string, layer: LayerInfo): void {
  const track = findTrack(call, sidOf(encoding))?.track
  if (track) noteLayer(track, furtherCodecOf(track, encoding), layer.rid, layer.ssrc)
}

function describeTrack(
  call: Call,
  turn: Turn,
  participant: Participant,
  input: Extract<ClientInput, { type: 'describeTrack' }>,
): void {
  const track = participant.tracks.get(input.track)
  if (!track) return
  track.width = input.width ?? track.width
  track.height = input.height ?? track.height
  track.traits = { ...track.traits, audioFeatures: input.audioFeatures ?? track.traits.audioFeatures }
  track.changedAt = turn.now
  describeLayers(turn, track)
  announce(call, turn, participant)
}
