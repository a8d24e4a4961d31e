export type DeviceSource = 'microphone' | 'camera'

export interface Device {
  id: string
  /** Empty until the person has granted access to a device of the kind. */
  label: string
}

export interface DeviceList {
  microphones: Device[]
  cameras: Device[]
  speakers: Device[]
}

export const noDevices: DeviceList = { microphones: [], cameras: [], speakers: [] }

/** What is asked of a camera. Only wishes: a device that has nothing of the kind still gives its picture. */
export const cameraWish = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } as const

export const microphoneWish = { echoCancellation: true, noiseSuppression: true, autoGainControl: true } as const

/** False on plain http: browsers then hide microphones and cameras altogether. */
export function canCapture(): boolean {
  return typeof navigator !== 'undefined' && navigator.mediaDevices?.getUserMedia !== undefined
}

/** What asking for a device comes to on such a page; browsers each have another error for it. */
export function insecureOrigin(): Error {
  return Object.assign(new Error('No media devices on this page.'), { name: 'InsecureOriginError' })
}

/** False where the browser has no way to share a screen, as on phones. */
export function canShareScreen(): boolean {
  return typeof navigator !== 'undefined' && navigator.mediaDevices?.getDisplayMedia !== undefined
}

/** The tracks of the wanted sources. `true` is the default device; a device that is gone falls back to it. */
export async function capture(wanted: Partial<Record<DeviceSource, string | true>>): Promise<MediaStreamTrack[]> {
  if (!canCapture()) throw insecureOrigin()
  const ask = (exact: boolean): Promise<MediaStream> =>
    navigator.mediaDevices.getUserMedia({
      audio: wanted.microphone !== undefined && { ...microphoneWish, ...which(wanted.microphone, exact) },
      video: wanted.camera !== undefined && { ...cameraWish, ...which(wanted.camera, exact) },
    })
  try {
    return (await ask(true)).getTracks()
  } catch (error) {
    if (!isGone(error)) throw error
    return (await ask(false)).getTracks()
  }
}

/** A device asked for by name is not there; browsers disagree on the error. */
function isGone(error: unknown): boolean {
  const { name } = error as { name?: unknown }
  return name === 'OverconstrainedError' || name === 'NotFoundError'
}

function which(device: string | true, exact: boolean): MediaTrackConstraints {
  if (device === true) return {}
  return { deviceId: exact ? { exact: device } : { ideal: device } }
}

export async function listDevices(): Promise<DeviceList> {
  if (!canCapture()) return noDevices
  const all = await navigator.mediaDevices.enumerateDevices()
  // Before permission browsers list devices without ids; those cannot be chosen.
  const ofKind = (kind: MediaDeviceKind): Device[] =>
    all
      .filter((device) => device.kind === kind && device.deviceId)
      .map(({ deviceId, label }) => ({ id: deviceId, label }))
  const canChooseSpeaker = 'setSinkId' in HTMLMediaElement.prototype
  return {
    microphones: ofKind('audioinput'),
    cameras: ofKind('videoinput'),
    speakers: canChooseSpeaker ? ofKind('audiooutput') : [],
  }
}

export function onDevicesChange(listener: () => void): () => void {
  if (!canCapture()) return () => {}
  navigator.mediaDevices.addEventListener('devicechange', listener)
  return () => navigator.mediaDevices.removeEventListener('devicechange', listener)
}
