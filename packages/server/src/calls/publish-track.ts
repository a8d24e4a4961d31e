import type { OfferedMedia } from '../media/media-engine.ts'
import { announce } from './announce.ts'
import { openAudience } from './audience.ts'
import type { Call } from './call.ts'
import { command, happened, type RequestOutcome, type Turn, tell } from './effect.ts'
import { encodingsOf } from './encoding.ts'
import { MAX_PENDING_TRACKS, MAX_QUEUED_TRACKS, MAX_TRACKS } from './limits.ts'
import type { Participant } from './participant.ts'
import { mayPublishSource } from './permissions.ts'
import { claimCodecs, describeEncoding } from './publish-codec.ts'
import { refreshEverybody } from './subscribe.ts'
import { bindMedia, createTrack, isTooLong, type Track, type TrackRequest } from './track.ts'

/** A client asks for a track of its own. It is answered at once; others hear of it when its media section exists. */
export function addTrack(call: Call, turn: Turn, participant: Participant, request: TrackRequest, echo: unknown): void {
  const refused = refusalOf(participant, request)
  if (refused) {
    if (refused.outcome === 'queued') participant.queued.push(request)
    tell(turn, participant, { type: 'requestAnswered', requestId: 0, ...refused, request: echo })
  } else {
    accept(turn, participant, request)
    claimMedia(call, turn, participant)
  }
}

function refusalOf(
  participant: Participant,
  request: TrackRequest,
): { outcome: RequestOutcome; text: string } | undefined {
  const { permissions, pending, queued, tracks } = participant
  if (!mayPublishSource(permissions, request.source)) {
    return { outcome: 'notAllowed', text: 'does not have permission to publish this source' }
  }
  if (pending.length >= MAX_PENDING_TRACKS || tracks.size >= MAX_TRACKS) {
    return { outcome: 'limitExceeded', text: 'too many tracks' }
  }
  if (isTooLong(request)) return { outcome: 'limitExceeded', text: 'an id or name is too long' }
  if (!isTaken(participant, request.cid)) return undefined
  if (queued.length >= MAX_QUEUED_TRACKS) return { outcome: 'limitExceeded', text: 'too many tracks of one id' }
  return { outcome: 'queued', text: 'waits for the earlier track of the same id' }
}

function accept(turn: Turn, participant: Participant, request: TrackRequest): void {
  const track = createTrack(request, turn.now, turn.random)
  participant.pending.push(track)
  tell(turn, participant, { type: 'trackAccepted', cid: request.cid, track: structuredClone(track) })
}

function isTaken(participant: Participant, cid: string): boolean {
  return [...participant.tracks.values(), ...participant.pending].some((track) => track.cid === cid)
}

/** Requests whose earlier namesake has ended come to their turn. */
export function acceptQueued(turn: Turn, participant: Participant): void {
  const waiting = participant.queued
  participant.queued = []
  for (const request of waiting) {
    if (isTaken(participant, request.cid)) participant.queued.push(request)
    else accept(turn, participant, request)
  }
}

/**
 * The client's offer was answered: these of its sections send something that is not published yet. `codecs` are those
 * agreed for each section; until the answer goes out one of them can still be preferred.
 */
export function offerMedia(
  call: Call,
  turn: Turn,
  participant: Participant,
  media: OfferedMedia[],
  codecs: ReadonlyMap<string, string[]>,
): void {
  const known = new Set([...participant.tracks.values()].flatMap(encodingsOf).map(({ mid }) => mid))
  participant.unclaimed = media.filter((section) => section.sending && !known.has(section.mid))
  claimMedia(call, turn, participant, codecs)
}

/**
 * Brings requests and sections together: first by the track id of the section, then by the kind alone, because some
 * clients change their track ids. Exact matches go first for all sections, so that none takes another's request.
 */
function claimMedia(
  call: Call,
  turn: Turn,
  participant: Participant,
  codecs: ReadonlyMap<string, string[]> = new Map(),
): void {
  const published: Track[] = []
  let extended = false
  for (const exact of [true, false]) {
    extended = claimCodecs(call, turn, participant, codecs, { anyId: false }) || extended
    for (const section of [...participant.unclaimed]) {
      const track = participant.pending.find((each) => (exact ? names(each, section) : each.kind === section.kind))
      if (!track || track.kind !== section.kind) continue
      participant.unclaimed.splice(participant.unclaimed.indexOf(section), 1)
      participant.pending.splice(participant.pending.indexOf(track), 1)
      publish(call, turn, participant, track, section, codecs.get(section.mid) ?? [])
      published.push(track)
    }
  }
  extended = claimCodecs(call, turn, participant, codecs, { anyId: true }) || extended
  if (published.length === 0 && !extended) return
  announce(call, turn, participant, { self: true })
  for (const track of published) {
    happened(turn, { type: 'trackPublished', participant, track: structuredClone(track) })
  }
  refreshEverybody(call, turn, participant)
}

function names(track: Track, section: OfferedMedia): boolean {
  return section.trackId !== '' && (track.cid === section.trackId || hasCodec(track, section.trackId))
}

function hasCodec(track: Track, cid: string): boolean {
  return track.codecs.some((codec) => codec.cid === cid)
}

function publish(
  call: Call,
  turn: Turn,
  participant: Participant,
  track: Track,
  section: OfferedMedia,
  codecs: readonly string[],
): void {
  bindMedia(track, section, codecs, turn.now)
  participant.tracks.set(track.sid, track)
  participant.isPublisher = true
  command(turn, { type: 'publishTrack', track: track.sid, transport: participant.publisher.id, mid: section.mid })
  if (track.kind === 'video') openAudience(call, turn, track.sid)
  describeLayers(turn, track)
  if (track.muted) command(turn, { type: 'setTrackMuted', track: track.sid, muted: true })
}

export function describeLayers(turn: Turn, track: Track): void {
  if (track.kind !== 'video') return
  for (const encoding of encodingsOf(track)) describeEncoding(turn, track, encoding)
}
