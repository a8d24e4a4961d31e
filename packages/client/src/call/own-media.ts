import type { LocalTrack, LocalTrackPublication, Room, Track } from 'livekit-client'
import { type DeviceProblem, deviceProblem } from './call-problem.ts'
import { cameraWish, canCapture, type DeviceSource, insecureOrigin, microphoneWish } from './devices.ts'
import type { JoinChoices } from './join-choices.ts'

type OwnSource = DeviceSource | 'screen'

/** What I send: it remembers what the person wants, so that a new connection gets the same again. */
export interface OwnMedia {
  publishWanted(): Promise<void>
  set(source: DeviceSource, on: boolean): Promise<void>
  setScreen(on: boolean): Promise<void>
  chooseDevice(kind: DeviceSource | 'speaker', id: string): Promise<void>
  isOn(source: OwnSource): boolean
  /** How things will stand when what is under way has come about. */
  wants(source: DeviceSource): boolean
  busy(): ReadonlySet<OwnSource>
  active(): { microphone?: string; camera?: string; speaker?: string }
  microphoneTrack(): MediaStreamTrack | undefined
}

interface Told {
  changed(): void
  failed(source: OwnSource, code: DeviceProblem): void
}

const kinds = { microphone: 'audioinput', camera: 'videoinput', speaker: 'audiooutput' } as const

export function openOwnMedia(
  livekit: typeof import('livekit-client'),
  room: Room,
  choices: JoinChoices,
  told: Told,
): OwnMedia {
  const wanted = { microphone: choices.microphone !== false, camera: choices.camera !== false }
  const device: { microphone?: string; camera?: string; speaker?: string } = {
    ...(choices.microphone && { microphone: choices.microphone }),
    ...(choices.camera && { camera: choices.camera }),
    ...(choices.speaker && { speaker: choices.speaker }),
  }
  /** Tracks of the preview that have not been used yet. */
  const handed = { ...choices.tracks }
  let isPublishing = false
  /** How many changes of a source are under way or wait for their turn. */
  const underWay = { microphone: 0, camera: 0, screen: 0 }
  const turns = { microphone: Promise.resolve(), camera: Promise.resolve() }

  const publication = (source: OwnSource): LocalTrackPublication | undefined =>
    room.localParticipant.getTrackPublication(sourceOf(livekit, source)) as LocalTrackPublication | undefined

  const during = async (source: OwnSource, work: () => Promise<unknown>): Promise<void> => {
    underWay[source] += 1
    told.changed()
    try {
      await work()
    } catch (error) {
      const code = deviceProblem(error)
      // Whoever closes the picker of screens has changed their mind; that is no fault.
      if (source !== 'screen' || code !== 'permission_denied') told.failed(source, code)
    } finally {
      underWay[source] -= 1
      told.changed()
    }
  }

  /** One change of a device after the other: each brings about the wish of its moment, so the last wish holds. */
  const inTurn = (source: DeviceSource): Promise<void> =>
    during(source, () => {
      const turn = turns[source].then(() => apply(source))
      turns[source] = turn.catch(() => {})
      return turn
    })

  const isOn = (source: OwnSource): boolean => {
    const found = publication(source)
    return found !== undefined && !found.isMuted
  }

  const apply = async (source: DeviceSource): Promise<void> => {
    const track = handed[source]
    delete handed[source]
    if (track && (!wanted[source] || track.readyState === 'ended')) track.stop()
    else if (track && !publication(source)) return publishHanded(livekit, room, source, track)
    if (!wanted[source] && !publication(source)) return
    if (!canCapture()) throw insecureOrigin()
    const deviceId = device[source]
    const chosen = deviceId === undefined ? {} : { deviceId }
    if (source === 'microphone') {
      await room.localParticipant.setMicrophoneEnabled(wanted.microphone, { ...microphoneWish, ...chosen })
    } else {
      await room.localParticipant.setCameraEnabled(wanted.camera, {
        resolution: livekit.VideoPresets.h720.resolution,
        ...chosen,
      })
    }
  }

  return {
    async publishWanted() {
      isPublishing = true
      if (device.speaker) void room.switchActiveDevice('audiooutput', device.speaker).catch(() => {})
      await Promise.all((['microphone', 'camera'] as const).map((source) => inTurn(source)))
    },
    async set(source, on) {
      wanted[source] = on
      // Without a connection the wish is all there is; the next connection brings it about.
      if (!isPublishing || room.state === livekit.ConnectionState.Disconnected) return told.changed()
      await inTurn(source)
    },
    async setScreen(on) {
      // The sound of the machine goes along where the browser offers it, untouched by voice processing.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
      await during('screen', () =>
        room.localParticipant.setScreenShareEnabled(on, {
          audio,
          systemAudio: 'include',
          selfBrowserSurface: 'exclude',
          contentHint: 'detail',
        }),
      )
    },
    async chooseDevice(kind, id) {
      device[kind] = id
      if (kind === 'speaker') {
        await room.switchActiveDevice(kinds.speaker, id).catch(() => false)
        told.changed()
      } else {
        await during(kind, () => room.switchActiveDevice(kinds[kind], id))
      }
    },
    isOn,
    wants: (source) => (!isPublishing || underWay[source] > 0 ? wanted[source] : isOn(source)),
    busy: () => new Set((['microphone', 'camera', 'screen'] as const).filter((source) => underWay[source] > 0)),
    active: () => ({
      ...device,
      ...settled('microphone', publication('microphone')),
      ...settled('camera', publication('camera')),
    }),
    microphoneTrack: () => publication('microphone')?.track?.mediaStreamTrack,
  }
}

function settled(
  source: DeviceSource,
  publication: LocalTrackPublication | undefined,
): { microphone?: string; camera?: string } {
  const id = publication?.track?.mediaStreamTrack.getSettings().deviceId
  return id ? { [source]: id } : {}
}

function sourceOf(livekit: typeof import('livekit-client'), source: OwnSource): Track.Source {
  const { Source } = livekit.Track
  return source === 'microphone' ? Source.Microphone : source === 'camera' ? Source.Camera : Source.ScreenShare
}

/** Publishes a track of the preview as if livekit-client had opened it: it may stop it and open it again. */
async function publishHanded(
  livekit: typeof import('livekit-client'),
  room: Room,
  source: DeviceSource,
  track: MediaStreamTrack,
): Promise<void> {
  const { deviceId } = track.getSettings()
  const chosen = deviceId ? { deviceId: { ideal: deviceId } } : {}
  const local =
    source === 'microphone'
      ? new livekit.LocalAudioTrack(track, { ...microphoneWish, ...chosen }, false)
      : new livekit.LocalVideoTrack(track, { ...cameraWish, ...chosen }, false)
  await room.localParticipant.publishTrack(local as LocalTrack, { source: sourceOf(livekit, source) })
}
