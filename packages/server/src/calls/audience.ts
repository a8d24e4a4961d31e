/** Who looks at a video, in each codec that it is published in. One that nobody looks at for a while need not be sent at all. */
import type { Call } from './call.ts'
import type { Turn } from './effect.ts'
import { defaultEncoding, encodingsOf } from './encoding.ts'
import { UNWATCHED_MS } from './limits.ts'
import type { Participant } from './participant.ts'
import type { Track } from './track.ts'
import { tellWantedLayers } from './wanted-layers.ts'

export interface Audience {
  /** Participants who receive the track and have it switched on. */
  readonly watchers: Set<string>
  unwatchedSince: number | undefined
  /** The publisher was told to send nothing. */
  resting: boolean
}

/** A video begins without watchers. */
export function openAudience(call: Call, turn: Turn, encoding: string): void {
  call.audiences.set(encoding, { watchers: new Set(), unwatchedSince: turn.now, resting: false })
}

/** Somebody begins or ceases to look at a video. The first who looks wakes it. */
export function watch(
  call: Call,
  turn: Turn,
  publisher: Participant,
  track: Track,
  watcher: string,
  /** The encoding looked at; undefined: none. */
  at: string | undefined,
): void {
  for (const { id } of encodingsOf(track)) look(call, turn, publisher, track, id, watcher, id === at)
}

function look(
  call: Call,
  turn: Turn,
  publisher: Participant,
  track: Track,
  encoding: string,
  watcher: string,
  looks: boolean,
): void {
  const audience = call.audiences.get(encoding)
  if (!audience) return
  if (looks) {
    audience.watchers.add(watcher)
    audience.unwatchedSince = undefined
    wake(call, turn, publisher, track, audience)
  } else if (audience.watchers.delete(watcher) && audience.watchers.size === 0) {
    audience.unwatchedSince = turn.now
  }
}

/** A participant has left. */
export function stopWatching(call: Call, turn: Turn, watcher: string): void {
  for (const audience of call.audiences.values()) {
    if (audience.watchers.delete(watcher) && audience.watchers.size === 0) audience.unwatchedSince = turn.now
  }
}

/**
 * Called now and then. Somebody alone goes on sending the lowest layer: whoever comes shall see a picture at once, and
 * nobody has said yet that they do not want one.
 */
export function restUnwatched(call: Call, turn: Turn): void {
  const isAlone = call.participants.size < 2
  for (const publisher of call.participants.values()) {
    for (const track of publisher.tracks.values()) {
      const first = defaultEncoding(track)
      for (const { id } of encodingsOf(track)) {
        const audience = call.audiences.get(id)
        if (!audience) continue
        if (isAlone && id === first) wake(call, turn, publisher, track, audience)
        else if (isUnwatched(audience, turn.now)) rest(call, turn, publisher, track, audience)
      }
    }
  }
}

function isUnwatched({ unwatchedSince, resting }: Audience, now: number): boolean {
  return unwatchedSince !== undefined && now - unwatchedSince >= UNWATCHED_MS && !resting
}

function rest(call: Call, turn: Turn, publisher: Participant, track: Track, audience: Audience): void {
  audience.resting = true
  // When it wakes, the publisher has to hear of it.
  track.wantedLayer ??= track.layers.length - 1
  tellWantedLayers(call, turn, publisher, track)
}

function wake(call: Call, turn: Turn, publisher: Participant, track: Track, audience: Audience): void {
  if (!audience.resting) return
  audience.resting = false
  tellWantedLayers(call, turn, publisher, track)
}
