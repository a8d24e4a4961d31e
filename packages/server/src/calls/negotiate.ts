/** Offers and answers of both transports, and what becomes of them. */
import type { EngineEvent, MidTrack } from '../media/media-engine.ts'
import { codecsByMid, type SectionWish, shapeSdp } from '../media/shape-sdp.ts'
import { announce } from './announce.ts'
import { type Call, findTrack } from './call.ts'
import { command, happened, type Turn, tell } from './effect.ts'
import { encodingsOf, sidOf } from './encoding.ts'
import { releaseHeldData } from './forward-data.ts'
import { dismiss, sendAround } from './leave.ts'
import { MAX_SDP_BYTES } from './limits.ts'
import { isSignalLost, type Participant, primaryOf, snapshot, type TransportState } from './participant.ts'
import { acceptQueued, offerMedia } from './publish-track.ts'
import type { Track } from './track.ts'
import { endSilentTracks } from './unpublish-track.ts'
import { tellWantedLayers } from './wanted-layers.ts'

const SILENCE = 'usedtx=1'
const STEREO_SENDER = 'stereo=1;maxaveragebitrate=510000'
const STEREO_RECEIVER = 'sprop-stereo=1'

/** A client offers on its publisher transport. */
export function takeOffer(call: Call, turn: Turn, participant: Participant, offer: number, sdp: string): void {
  if (sdp.length > MAX_SDP_BYTES) dismiss(call, turn, participant, 'stateMismatch')
  else command(turn, { type: 'acceptOffer', transport: participant.publisher.id, offer, sdp })
}

/** A client answers our offer on its subscriber transport. Some name no offer (0) and mean the newest. */
export function takeAnswer(call: Call, turn: Turn, participant: Participant, offer: number, sdp: string): void {
  const { lastOffer, subscriber } = participant
  if (lastOffer === undefined || sdp.length > MAX_SDP_BYTES) dismiss(call, turn, participant, 'stateMismatch')
  else command(turn, { type: 'acceptAnswer', transport: subscriber.id, offer: offer || lastOffer, sdp })
}

/** The engine answered a client's offer: what that means for the tracks also says which codecs the answer prefers. */
export function passAnswer(
  call: Call,
  turn: Turn,
  participant: Participant,
  answer: Pick<Extract<EngineEvent, { type: 'answered' }>, 'offer' | 'sdp' | 'media' | 'tracks'>,
): void {
  const { offer, sdp, media, tracks } = answer
  endSilentTracks(call, turn, participant, media)
  acceptQueued(turn, participant)
  offerMedia(call, turn, participant, media, codecsByMid(sdp))
  const wishes = receiverWishes(call, tracks)
  for (const track of participant.tracks.values()) {
    for (const { mid, mimeType } of encodingsOf(track)) wishes.set(mid, senderWish(track, mimeType))
  }
  tell(turn, participant, { type: 'answer', offer, ...asOneTrack(shapeSdp(sdp, wishes), tracks) })
  // Negotiating makes some clients send all layers again.
  for (const track of participant.tracks.values()) tellWantedLayers(call, turn, participant, track)
}

/** The engine offers a client what it shall receive. */
export function passOffer(
  call: Call,
  turn: Turn,
  participant: Participant,
  { offer, sdp, tracks }: Pick<Extract<EngineEvent, { type: 'offered' }>, 'offer' | 'sdp' | 'tracks'>,
): void {
  participant.lastOffer = offer
  tell(turn, participant, { type: 'offer', offer, ...asOneTrack(shapeSdp(sdp, receiverWishes(call, tracks)), tracks) })
}

/** In whatever codec a client receives a track, to the client it is that track. */
function asOneTrack(sdp: string, tracks: readonly MidTrack[]): { sdp: string; tracks: MidTrack[] } {
  const further = tracks.filter(({ track }) => sidOf(track) !== track)
  return {
    sdp: further.reduce((text, { track }) => text.replaceAll(track, sidOf(track)), sdp),
    tracks: tracks.map(({ mid, track }) => ({ mid, track: sidOf(track) })),
  }
}

/** What a client is told about sending: silence takes no packets unless it does not want that. */
function senderWish({ kind, stereo, disableDtx }: Track, mimeType: string): SectionWish {
  const opus = [...(disableDtx ? [] : [SILENCE]), ...(stereo ? [STEREO_SENDER] : [])].join(';')
  return { codec: mimeType.toLowerCase(), ...(kind === 'audio' && opus !== '' && { opus }) }
}

function receiverWishes(call: Call, tracks: readonly MidTrack[]): Map<string, SectionWish> {
  const stereo = tracks.filter(({ track }) => findTrack(call, track)?.track.stereo)
  return new Map(stereo.map(({ mid }) => [mid, { opus: STEREO_RECEIVER }]))
}

/** The client alone offers on its one transport, and more is to be carried on it than it has offered yet. */
export function requireSections(turn: Turn, participant: Participant, audio: number, video: number): void {
  tell(turn, participant, { type: 'sectionsRequired', audio, video })
}

/** What the client wrote cannot be used. Once it has worked, a fresh start may help; otherwise nothing does. */
export function failNegotiation(call: Call, turn: Turn, participant: Participant): void {
  if (isSignalLost(participant)) return
  if (participant.state === 'active') sendAround(turn, participant, 'stateMismatch')
  else dismiss(call, turn, participant, 'stateMismatch')
}

/** A transport is up. The primary one makes the participant active. */
export function connectTransport(call: Call, turn: Turn, participant: Participant, transport: TransportState): void {
  transport.connected = true
  if (transport === participant.subscriber) releaseHeldData(turn, participant)
  if (participant.state !== 'joined' || primaryOf(participant) !== transport) return
  participant.state = 'active'
  announce(call, turn, participant, { self: true })
  happened(turn, { type: 'participantJoined', participant: snapshot(participant) })
}
