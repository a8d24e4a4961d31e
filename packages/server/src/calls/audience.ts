/** Who looks at a video. One that nobody looks at for a while need not be sent at all. */
import type { Call } from './call.ts'
import type { Turn } from './effect.ts'
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
export function openAudience(call: Call, turn: Turn, sid: string): void {
  call.audiences.set(sid, { watchers: new Set(), unwatchedSince: turn.now, resting: false })
}

/** Somebody begins or ceases to look at a video. The first who looks wakes it. */
export function watch(
  call: Call,
  turn: Turn,
  publisher: Participant,
  track: Track,
  watcher: string,
  looks: boolean,
): void {
  const audience = call.audiences.get(track.sid)
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
      const audience = call.audiences.get(track.sid)
      if (!audience) continue
      const { unwatchedSince } = audience
      if (isAlone) wake(call, turn, publisher, track, audience)
      else if (unwatchedSince !== undefined && turn.now - unwatchedSince >= UNWATCHED_MS && !audience.resting) {
        audience.resting = true
        // When it wakes, the publisher has to hear of it.
        track.wantedLayer ??= track.layers.length - 1
        tellWantedLayers(call, turn, publisher, track)
      }
    }
  }
}

function wake(call: Call, turn: Turn, publisher: Participant, track: Track, audience: Audience): void {
  if (!audience.resting) return
  audience.resting = false
  tellWantedLayers(call, turn, publisher, track)
}
