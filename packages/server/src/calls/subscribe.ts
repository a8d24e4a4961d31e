/** Who receives what: wishes, permissions and what the engine was told of them. */
import type { WantedTrack } from '../media/media-engine.ts'
import { watch } from './audience.ts'
import { awaitTrack } from './awaited-tracks.ts'
import { type Call, findTrack, othersOf } from './call.ts'
import { command, type Turn, tell } from './effect.ts'
import { chooseEncoding, furtherCodecOf, ownEncoding, sidOf } from './encoding.ts'
import { MAX_INTENTS, MAX_SID_LENGTH, MAX_TRACK_PERMISSIONS } from './limits.ts'
import type { Participant, TrackIntent, TrackPermission, TrackSettings } from './participant.ts'
import type { Track } from './track.ts'
import { tellWantedLayers } from './wanted-layers.ts'
import { wantedTrack } from './wanted-track.ts'

/** Wants or no longer wants the given tracks. Unknown ones are kept in mind until they come. Repeating it changes nothing. */
export function chooseTracks(call: Call, turn: Turn, participant: Participant, sids: string[], wanted: boolean): void {
  for (const sid of sids) {
    const intent = intentFor(participant, sid)
    if (intent) {
      intent.subscribe = wanted
      awaitTrack(call, turn, participant, sid, wanted)
    }
    const failed = participant.subscriptions.get(sid)?.state === 'failed'
    if (!wanted || failed) participant.subscriptions.delete(sid)
  }
  refreshSubscriptions(call, turn, participant)
}

/** How the given tracks shall be received. */
export function setTracks(
  call: Call,
  turn: Turn,
  participant: Participant,
  sids: string[],
  settings: TrackSettings,
): void {
  for (const sid of sids) {
    const intent = intentFor(participant, sid)
    // Each has its own: what follows for one track says nothing about the others.
    if (intent) intent.settings = { ...settings }
  }
  refreshSubscriptions(call, turn, participant)
}

/** Switches tracks off and leaves the rest of the wishes about them as they are. */
export function disableTracks(call: Call, turn: Turn, participant: Participant, sids: string[]): void {
  for (const sid of sids) {
    const intent = intentFor(participant, sid)
    if (intent) intent.settings = { ...(intent.settings ?? untouched), disabled: true }
  }
  refreshSubscriptions(call, turn, participant)
}

const untouched: TrackSettings = { disabled: false, quality: 2, width: 0, height: 0, fps: 0, priority: 0 }

function intentFor(participant: Participant, sid: string): TrackIntent | undefined {
  const known = participant.intents.get(sid)
  if (known || participant.intents.size >= MAX_INTENTS || sid.length > MAX_SID_LENGTH) return known
  const intent: TrackIntent = {}
  participant.intents.set(sid, intent)
  return intent
}

/** A publisher says who may receive which of its tracks. Each such word replaces the former. */
export function permitSubscribers(
  call: Call,
  turn: Turn,
  publisher: Participant,
  allowed: 'everyone' | TrackPermission[],
): void {
  publisher.allowed = allowed === 'everyone' ? allowed : allowed.slice(0, MAX_TRACK_PERMISSIONS)
  if (publisher.tracks.size > 0) refreshEverybody(call, turn, publisher)
}

function isAllowed(publisher: Participant, subscriber: Participant, track: string): boolean {
  if (publisher.allowed === 'everyone') return true
  const permission = publisher.allowed.find(
    (each) => each.identity === subscriber.identity || each.sid === subscriber.sid,
  )
  return permission !== undefined && (permission.allTracks || permission.trackSids.includes(track))
}

/** The track is gone: nothing about it is kept. */
export function forgetTrack(participant: Participant, sid: string): void {
  participant.subscriptions.delete(sid)
  participant.intents.delete(sid)
}

/** Something about one publisher's tracks has changed, so everybody else's subscriptions may. */
export function refreshEverybody(call: Call, turn: Turn, publisher: Participant): void {
  for (const other of othersOf(call, publisher)) refreshSubscriptions(call, turn, other)
}

/** Works out what a participant shall receive and tells the engine when that is something new. */
export function refreshSubscriptions(call: Call, turn: Turn, subscriber: Participant): void {
  const wanted: WantedTrack[] = []
  for (const publisher of othersOf(call, subscriber)) {
    if (publisher.permissions.hidden) {
      for (const track of publisher.tracks.values()) {
        subscriber.subscriptions.delete(track.sid)
        watch(call, turn, publisher, track, subscriber.sid, undefined)
      }
      continue
    }
    for (const track of publisher.tracks.values()) {
      const wish = wishFor(call, turn, subscriber, publisher, track)
      if (wish) wanted.push(wish)
      watch(call, turn, publisher, track, subscriber.sid, wish?.enabled ? wish.track : undefined)
    }
  }
  const key = wanted.map((each) => Object.values(each).join(' ')).join()
  if (subscriber.wantedKey === key) return
  subscriber.wantedKey = key
  command(turn, { type: 'subscribe', transport: subscriber.subscriber.id, wanted })
}

function wishFor(
  call: Call,
  turn: Turn,
  subscriber: Participant,
  publisher: Participant,
  track: Track,
): WantedTrack | undefined {
  const { sid } = track
  if (!isWanted(subscriber, sid)) {
    subscriber.subscriptions.delete(sid)
    return undefined
  }
  if (!settleSubscription(turn, subscriber, publisher, sid)) return undefined
  const choice = chooseEncoding(track, subscriber)
  const { encoding } = choice.type === 'there' ? choice : { encoding: ownEncoding(track) }
  const wish = wantedTrack(publisher.sid, track, encoding, subscriber.intents.get(sid), subscriber.adaptiveStream)
  if (choice.type !== 'missing') return wish
  if (!choice.codec.asked) {
    choice.codec.asked = true
    tellWantedLayers(call, turn, publisher, track)
  }
  // Meanwhile the track's own codec keeps the place.
  return { ...wish, enabled: false }
}

function isWanted(subscriber: Participant, sid: string): boolean {
  if (!subscriber.permissions.canSubscribe) return false
  return subscriber.intents.get(sid)?.subscribe ?? subscriber.autoSubscribe
}

/** Which tracks the participant may receive, for somebody who may have missed it. */
export function tellAllowed(turn: Turn, subscriber: Participant): void {
  for (const [track, { publisher, state }] of subscriber.subscriptions) {
    const told = { type: 'subscriptionAllowed', participant: publisher, track, allowed: state !== 'denied' } as const
    tell(turn, subscriber, told)
  }
}

/** Brings one subscription up to date with the publisher's permission; true when its media shall flow. */
function settleSubscription(turn: Turn, subscriber: Participant, publisher: Participant, sid: string): boolean {
  const allowed = isAllowed(publisher, subscriber, sid)
  const known = subscriber.subscriptions.get(sid)
  const wasAllowed = known ? known.state !== 'denied' : undefined
  if (allowed !== wasAllowed) {
    subscriber.subscriptions.set(sid, { publisher: publisher.sid, state: allowed ? 'wanted' : 'denied' })
    tell(turn, subscriber, { type: 'subscriptionAllowed', participant: publisher.sid, track: sid, allowed })
    return allowed
  }
  return allowed && known?.state !== 'failed'
}

/** Media of the track flows. The publisher hears of its first receiver. */
export function startSubscription(call: Call, turn: Turn, subscriber: Participant, encoding: string): void {
  const sid = sidOf(encoding)
  const subscription = subscriber.subscriptions.get(sid)
  if (subscription?.state !== 'wanted') return
  subscription.state = 'started'
  const found = findTrack(call, sid)
  if (found && !found.track.received && !subscriber.permissions.hidden) {
    found.track.received = true
    tell(turn, found.publisher, { type: 'trackReceived', track: sid })
  }
  // What a client said before it had the track came from a page that did not show it yet.
  const settings = subscriber.intents.get(sid)?.settings
  if (!settings?.disabled) return
  settings.disabled = false
  refreshSubscriptions(call, turn, subscriber)
}

/** The path to the subscriber does not carry the track, or does again. */
export function pauseSubscription(turn: Turn, subscriber: Participant, encoding: string, paused: boolean): void {
  const sid = sidOf(encoding)
  const publisher = subscriber.subscriptions.get(sid)?.publisher
  if (publisher !== undefined) tell(turn, subscriber, { type: 'subscriptionPaused', publisher, track: sid, paused })
}

/** The subscriber cannot take what it was to receive. Where no other codec may come it is told, and not tried again until it asks. */
export function failSubscription(
  call: Call,
  turn: Turn,
  subscriber: Participant,
  { track: encoding, codec }: { track: string; codec: boolean },
): void {
  const sid = sidOf(encoding)
  const subscription = subscriber.subscriptions.get(sid)
  const track = findTrack(call, sid)?.track
  if (!subscription || !track) return
  if (codec) subscriber.undecodable.add((furtherCodecOf(track, encoding) ?? track).mimeType.toLowerCase())
  if (!codec || chooseEncoding(track, subscriber).type === 'none') {
    subscription.state = 'failed'
    tell(turn, subscriber, { type: 'subscriptionFailed', track: sid, why: codec ? 'codec' : 'unknown' })
  }
  refreshSubscriptions(call, turn, subscriber)
}

/** Whose tracks the participant receives, by sid. */
export function publishersFor(subscriber: Participant): Set<string> {
  const received = [...subscriber.subscriptions.values()].filter(({ state }) => state !== 'denied')
  return new Set(received.map(({ publisher }) => publisher))
}

/** Whether the participant receives anything of the other. */
export function receivesFrom(subscriber: Participant, publisher: string): boolean {
  for (const subscription of subscriber.subscriptions.values()) {
    if (subscription.publisher === publisher && subscription.state !== 'denied') return true
  }
  return false
}
