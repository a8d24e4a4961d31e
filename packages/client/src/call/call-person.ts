import type { Participant, Room, TrackPublication } from 'livekit-client'

/** A picture or a sound that an element can show. Attaching tells the server which size is wanted. */
export interface CallTrack {
  attach(element: HTMLMediaElement): unknown
  detach(element: HTMLMediaElement): unknown
  readonly mediaStreamTrack: MediaStreamTrack
}

export type Quality = 'good' | 'weak' | 'lost' | 'unknown'

/** One participant as the page shows it. A new object whenever anything in it has changed, else the same one. */
export interface CallParticipant {
  identity: string
  name: string
  isMe: boolean
  /** `off`: no microphone at all. `muted`: there is one, and it is silent. */
  microphone: 'off' | 'muted' | 'on'
  camera?: CallTrack
  screen?: CallTrack
  /** What there is to hear of somebody else: the voice and the sound of a shared screen. */
  sounds: readonly CallTrack[]
  speaking: boolean
  quality: Quality
}

/** Everybody in the call, me first, the others in the order they came. */
export function readPeople(room: Room, before: readonly CallParticipant[]): CallParticipant[] {
  const others = [...room.remoteParticipants.values()].sort(
    (a, b) => (a.joinedAt?.getTime() ?? 0) - (b.joinedAt?.getTime() ?? 0) || (a.identity < b.identity ? -1 : 1),
  )
  return [room.localParticipant, ...others].map((participant) => {
    const now = readPerson(participant)
    const known = before.find(({ identity, isMe }) => identity === now.identity && isMe === now.isMe)
    return known && isSame(known, now) ? known : now
  })
}

function readPerson(participant: Participant): CallParticipant {
  const find = (source: string): TrackPublication | undefined => participant.getTrackPublication(source as never)
  const camera = shown(find('camera'))
  const screen = shown(find('screen_share'))
  const microphone = find('microphone')
  const sounds = participant.isLocal
    ? []
    : [microphone?.track, find('screen_share_audio')?.track].filter((track) => track !== undefined)
  return {
    identity: participant.identity,
    name: participant.name || participant.identity,
    isMe: participant.isLocal,
    microphone: microphone === undefined ? 'off' : microphone.isMuted ? 'muted' : 'on',
    ...(camera && { camera }),
    ...(screen && { screen }),
    sounds,
    speaking: participant.isSpeaking && microphone?.isMuted === false,
    quality: qualities[participant.connectionQuality] ?? 'unknown',
  }
}

function shown(publication: TrackPublication | undefined): CallTrack | undefined {
  return publication && !publication.isMuted ? publication.track : undefined
}

const qualities: Record<string, Quality> = { excellent: 'good', good: 'good', poor: 'weak', lost: 'lost' }

function isSame(a: CallParticipant, b: CallParticipant): boolean {
  return (
    a.name === b.name &&
    a.microphone === b.microphone &&
    a.camera === b.camera &&
    a.camera?.mediaStreamTrack === b.camera?.mediaStreamTrack &&
    a.screen === b.screen &&
    a.speaking === b.speaking &&
    a.quality === b.quality &&
    a.sounds.length === b.sounds.length &&
    a.sounds.every((sound, i) => sound === b.sounds[i])
  )
}
