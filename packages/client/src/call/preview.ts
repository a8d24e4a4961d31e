import { type DeviceProblem, deviceProblem } from './call-problem.ts'
import {
  canCapture,
  capture,
  type DeviceList,
  type DeviceSource,
  listDevices,
  noDevices,
  onDevicesChange,
} from './devices.ts'
import type { JoinChoices } from './join-choices.ts'

export interface PreviewSource {
  /** What the person wants, which stays true while permission is missing. */
  wanted: boolean
  track?: MediaStreamTrack
  device?: string
  problem?: DeviceProblem
}

export interface PreviewState {
  /** True until the first answer of the browser is there. */
  asking: boolean
  microphone: PreviewSource
  camera: PreviewSource
  speaker?: string
  devices: DeviceList
}

/** Own picture and sound before a call: nothing leaves this machine. */
export interface Preview {
  state(): PreviewState
  subscribe(listener: (state: PreviewState) => void): () => void
  set(source: DeviceSource, wanted: boolean | string): Promise<void>
  setSpeaker(device: string): void
  /** Asks again for whatever is wanted and missing. */
  retry(): Promise<void>
  /** The choices with the live tracks; from now on those belong to the call. */
  handOver(name: string): JoinChoices
  close(): void
}

/** Opens the devices at once (a string names one of them), with one question to the person where the browser allows it. */
export function openPreview(wanted: Record<DeviceSource, boolean | string>): Preview {
  let state: PreviewState = {
    asking: true,
    microphone: first(wanted.microphone),
    camera: first(wanted.camera),
    devices: noDevices,
  }
  let closed = false
  const listeners = new Set<(state: PreviewState) => void>()
  const set = (change: Partial<PreviewState>): void => {
    state = { ...state, ...change }
    for (const listener of [...listeners]) listener(state)
  }
  /** Counts the requests of each source, so that a late answer of an earlier one is thrown away. */
  const request = { microphone: 0, camera: 0 }

  const refreshDevices = async (): Promise<void> => {
    const devices = await listDevices().catch(() => noDevices)
    if (!closed) set({ devices })
  }

  const open = async (sources: DeviceSource[]): Promise<void> => {
    if (sources.length === 0) return
    const asked = sources.map((source) => ({ source, number: ++request[source] }))
    let tracks: MediaStreamTrack[] = []
    let problem: DeviceProblem | undefined
    try {
      tracks = await capture(
        Object.fromEntries(sources.map((source) => [source, state[source].device ?? true])) as Record<
          DeviceSource,
          string
        >,
      )
    } catch (error) {
      problem = deviceProblem(error)
      // One missing camera must not take the microphone with it: ask for each alone.
      if (sources.length > 1 && problem !== 'insecure_origin') {
        for (const source of sources) await open([source])
        return
      }
    }
    for (const { source, number } of asked) {
      const track = tracks.find(({ kind }) => kind === (source === 'microphone' ? 'audio' : 'video'))
      if (closed || number !== request[source] || !state[source].wanted) track?.stop()
      else set({ [source]: opened(state[source], track, problem) })
    }
  }

  const close = (source: DeviceSource): void => {
    request[source] += 1
    state[source].track?.stop()
  }

  const start = async (): Promise<void> => {
    await open((['microphone', 'camera'] as const).filter((source) => state[source].wanted && !state[source].track))
    if (!closed) set({ asking: false })
    await refreshDevices()
  }

  const stopWatching = onDevicesChange(() => void refreshDevices())
  void start()

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async set(source, choice) {
      close(source)
      const { device } = state[source]
      const next = typeof choice === 'string' ? choice : device
      set({ [source]: { wanted: choice !== false, ...(next !== undefined && { device: next }) } })
      if (choice === false) return
      await open([source])
      await refreshDevices()
    },
    setSpeaker: (speaker) => set({ speaker }),
    async retry() {
      set({ asking: true })
      await start()
    },
    handOver(name) {
      const { microphone, camera, speaker } = state
      closed = true
      stopWatching()
      return {
        name,
        ...choice('microphone', microphone),
        ...choice('camera', camera),
        ...(speaker !== undefined && { speaker }),
        tracks: {
          ...(microphone.track && { microphone: microphone.track }),
          ...(camera.track && { camera: camera.track }),
        },
      }
    },
    close() {
      if (closed) return
      closed = true
      stopWatching()
      for (const source of ['microphone', 'camera'] as const) close(source)
      listeners.clear()
    },
  }
}

function first(choice: boolean | string): PreviewSource {
  return { wanted: choice !== false, ...(typeof choice === 'string' && { device: choice }) }
}

function opened(before: PreviewSource, track: MediaStreamTrack | undefined, problem?: DeviceProblem): PreviewSource {
  const device = track?.getSettings().deviceId ?? before.device
  return {
    wanted: before.wanted,
    ...(device !== undefined && { device }),
    ...(track ? { track } : { problem: problem ?? (canCapture() ? 'device_failed' : 'insecure_origin') }),
  }
}

/** A device that has not answered yet is left to the call, which asks again; one that failed is not. */
function choice(source: DeviceSource, { wanted, problem, device }: PreviewSource): Partial<JoinChoices> {
  if (!wanted || problem) return { [source]: false }
  return device === undefined ? {} : { [source]: device }
}
