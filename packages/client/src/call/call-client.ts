import type { Room, RoomOptions } from 'livekit-client'
import { type CallParticipant, readPeople } from './call-person.ts'
import { type DeviceProblem, endOfDisconnect, endOfFailedJoin } from './call-problem.ts'
import { type CallEvent, type CallState, isWaiting, step } from './call-state.ts'
import type { DeviceSource } from './devices.ts'
import type { JoinChoices } from './join-choices.ts'
import { type OwnMedia, openOwnMedia } from './own-media.ts'

export interface CallSnapshot {
  standing: CallState
  /** Me first once the call is live; while reconnecting the last known people without their pictures. */
  people: readonly CallParticipant[]
  /** The browser holds the sound back until the person presses something. */
  soundBlocked: boolean
  /** The last failure of a device, until it works or is dismissed. */
  problem?: { source: DeviceSource | 'screen'; code: DeviceProblem }
  /** Devices that are being opened or closed at this moment. */
  busy: ReadonlySet<DeviceSource | 'screen'>
  /** What the person has switched on, even while it is still being opened. */
  wants: { microphone: boolean; camera: boolean }
  /** Ids of the devices in use. */
  active: { microphone?: string; camera?: string; speaker?: string }
}

export interface Ticket {
  url: string
  token: string
}

/** One participant's seat in a call. Values come out of `state`; tracks are attached to elements by the page. */
export interface CallClient {
  state(): CallSnapshot
  subscribe(listener: (state: CallSnapshot) => void): () => void
  /** Joins, and comes back by itself after a fault, each time with a fresh ticket. Joins again after an end. */
  join(): void
  setMicrophone(on: boolean): Promise<void>
  setCamera(on: boolean): Promise<void>
  setScreen(on: boolean): Promise<void>
  chooseDevice(kind: DeviceSource | 'speaker', id: string): Promise<void>
  dismissProblem(): void
  /** Must be called from a press or a key. */
  startSound(): Promise<void>
  /** The own microphone, for a level meter. It keeps running while muted. */
  microphoneTrack(): MediaStreamTrack | undefined
  leave(): Promise<void>
}

type LiveKit = typeof import('livekit-client')

export interface CallOptions {
  ticket(): Promise<Ticket>
  choices: JoinChoices
  /** Loads livekit-client, which is large and therefore not part of the page. */
  load?: () => Promise<LiveKit>
  schedule?: (run: () => void, ms: number) => () => void
}

/** Our own policy takes over after these: it fetches a fresh ticket, which livekit-client cannot. */
const OWN_MENDING_DELAYS_MS = [0, 300, 1_000, 2_000]

const roomOptions: RoomOptions = {
  adaptiveStream: true,
  dynacast: true,
  // On one connection only the client offers: it has to be asked for each new track first, which doubles the time until its picture.
  singlePeerConnection: false,
  publishDefaults: { simulcast: true, red: true, dtx: true, stopMicTrackOnMute: false },
}

/** Fetches livekit-client ahead of a join that is likely to come. */
export function warmUp(): void {
  void import('livekit-client').catch(() => {})
}

export function openCall(options: CallOptions): CallClient {
  return new Call(options)
}

class Call implements CallClient {
  readonly #options: CallOptions
  /** Changed by what is switched before the call is opened. */
  #choices: JoinChoices
  readonly #listeners = new Set<(state: CallSnapshot) => void>()
  #snapshot: CallSnapshot = {
    standing: { phase: 'idle' },
    people: [],
    soundBlocked: false,
    busy: new Set(),
    wants: { microphone: false, camera: false },
    active: {},
  }
  #room: Room | undefined
  #media: OwnMedia | undefined
  #cancelRetry: (() => void) | undefined
  #readPending = false
  /** Counts tries, so that the late outcome of an abandoned one is ignored. */
  #try = 0

  constructor(options: CallOptions) {
    this.#options = options
    this.#choices = options.choices
    const { microphone, camera } = options.choices
    this.#snapshot = { ...this.#snapshot, wants: { microphone: microphone !== false, camera: camera !== false } }
  }

  state(): CallSnapshot {
    return this.#snapshot
  }

  subscribe(listener: (state: CallSnapshot) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  join(): void {
    this.#happen({ type: 'joinAsked' })
  }

  async leave(): Promise<void> {
    this.#happen({ type: 'left' })
    const { tracks } = this.#options.choices
    for (const track of Object.values(tracks ?? {})) track.stop()
    await this.#room?.disconnect()
  }

  async setMicrophone(on: boolean): Promise<void> {
    await this.#set('microphone', on)
  }

  async setCamera(on: boolean): Promise<void> {
    await this.#set('camera', on)
  }

  async setScreen(on: boolean): Promise<void> {
    await this.#media?.setScreen(on)
  }

  async chooseDevice(kind: DeviceSource | 'speaker', id: string): Promise<void> {
    await this.#media?.chooseDevice(kind, id)
  }

  dismissProblem(): void {
    const { problem: _, ...rest } = this.#snapshot
    this.#put(rest)
  }

  async startSound(): Promise<void> {
    await this.#room?.startAudio().catch(() => {})
    this.#readSoon()
  }

  microphoneTrack(): MediaStreamTrack | undefined {
    return this.#media?.microphoneTrack()
  }

  #happen(event: CallEvent): void {
    const before = this.#snapshot.standing
    const standing = step(before, event)
    if (standing === before) return
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#put({ ...this.#snapshot, standing })
    if (standing.phase === 'reconnecting' && standing.attempt > 0) this.#dropTracks()
    if (isWaiting(standing)) this.#cancelRetry = this.#retryIn(standing.retryInMs)
    else if (standing.phase === 'joining' || (standing.phase === 'reconnecting' && standing.attempt > 0))
      void this.#connect()
    else if (standing.phase === 'live') this.#readSoon()
    if (standing.phase === 'ended') {
      this.#try += 1
      this.#put({ ...this.#snapshot, people: [] })
    }
  }

  /** The next try comes after the delay, or at once when the machine reports that it has a network again. */
  #retryIn(ms: number): () => void {
    const run = (): void => this.#happen({ type: 'retryDue' })
    const cancel = (this.#options.schedule ?? scheduleTimer)(run, ms)
    globalThis.addEventListener?.('online', run)
    return () => {
      cancel()
      globalThis.removeEventListener?.('online', run)
    }
  }

  async #connect(): Promise<void> {
    this.#try += 1
    const mine = this.#try
    try {
      const [livekit, ticket] = await Promise.all([
        (this.#options.load ?? (() => import('livekit-client')))(),
        this.#options.ticket(),
      ])
      if (mine !== this.#try) return
      this.#room ??= this.#openRoom(livekit)
      // A voice is worth more than a picture that the line does not carry.
      await this.#room.connect(ticket.url, ticket.token, { subscriberAllowPause: true })
      if (mine !== this.#try) await this.#room.disconnect()
      else this.#happen({ type: 'connected' })
    } catch (error) {
      if (mine === this.#try) this.#happen({ type: 'lost', reason: endOfFailedJoin(error) })
    }
  }

  #openRoom(livekit: LiveKit): Room {
    const { RoomEvent } = livekit
    const reconnectPolicy = new livekit.DefaultReconnectPolicy(OWN_MENDING_DELAYS_MS)
    const room = new livekit.Room({ ...roomOptions, reconnectPolicy })
    this.#media = openOwnMedia(livekit, room, this.#choices, {
      changed: () => this.#readSoon(),
      failed: (source, code) => this.#put({ ...this.#snapshot, problem: { source, code } }),
    })
    for (const event of shownEvents(RoomEvent)) room.on(event, () => this.#readSoon())
    room.on(RoomEvent.SignalConnected, () => void this.#media?.publishWanted())
    // While only the signalling is away pictures and voices go on; what comes after that has neither.
    room.on(RoomEvent.SignalReconnecting, () => this.#happen({ type: 'wavered' }))
    room.on(RoomEvent.Reconnecting, () => {
      this.#happen({ type: 'wavered' })
      this.#dropTracks()
    })
    room.on(RoomEvent.Reconnected, () => {
      this.#happen({ type: 'mended' })
      this.#readSoon()
    })
    room.on(RoomEvent.Disconnected, (reason) => {
      // During a try `connect` itself throws, with more to say.
      const { phase } = this.#snapshot.standing
      if (phase === 'live' || this.#isMending()) this.#happen({ type: 'lost', reason: endOfDisconnect(reason) })
    })
    return room
  }

  /** Keeps the seats of a broken call: faces stay where they were, as plain tiles. */
  #dropTracks(): void {
    this.#put({ ...this.#snapshot, people: withoutTracks(this.#snapshot.people) })
  }

  async #set(source: DeviceSource, on: boolean): Promise<void> {
    if (this.#media) return this.#media.set(source, on)
    const { [source]: device, ...others } = this.#choices
    this.#choices = on ? { ...others, ...(device && { [source]: device }) } : { ...others, [source]: false }
    this.#put({ ...this.#snapshot, wants: { ...this.#snapshot.wants, [source]: on } })
  }

  #isMending(): boolean {
    const { standing } = this.#snapshot
    return standing.phase === 'reconnecting' && standing.attempt === 0
  }

  /** One reading for a burst of events. */
  #readSoon(): void {
    if (this.#readPending) return
    this.#readPending = true
    queueMicrotask(() => {
      this.#readPending = false
      this.#read()
    })
  }

  #read(): void {
    const room = this.#room
    const media = this.#media
    if (!room || !media) return
    const { people: before, problem: known, standing } = this.#snapshot
    const people = standing.phase === 'live' ? readPeople(room, before) : before
    const isSolved = known && media.isOn(known.source)
    this.#put({
      standing,
      people: people.length === before.length && people.every((person, i) => person === before[i]) ? before : people,
      soundBlocked: !room.canPlaybackAudio,
      ...(known && !isSolved && { problem: known }),
      busy: media.busy(),
      wants: { microphone: media.wants('microphone'), camera: media.wants('camera') },
      active: media.active(),
    })
  }

  #put(snapshot: CallSnapshot): void {
    this.#snapshot = snapshot
    for (const listener of [...this.#listeners]) listener(snapshot)
  }
}

/** Events after which something shown may be different. */
function shownEvents(events: LiveKit['RoomEvent']): LiveKit['RoomEvent'][keyof LiveKit['RoomEvent']][] {
  return [
    events.ParticipantConnected,
    events.ParticipantDisconnected,
    events.ParticipantNameChanged,
    events.TrackSubscribed,
    events.TrackUnsubscribed,
    events.TrackPublished,
    events.TrackUnpublished,
    events.TrackMuted,
    events.TrackUnmuted,
    events.LocalTrackPublished,
    events.LocalTrackUnpublished,
    events.ActiveSpeakersChanged,
    events.ConnectionQualityChanged,
    events.AudioPlaybackStatusChanged,
    events.ActiveDeviceChanged,
  ]
}

function withoutTracks(people: readonly CallParticipant[]): CallParticipant[] {
  return people.map(({ camera, screen: _, ...person }) => ({
    ...person,
    ...(person.isMe && camera && { camera }),
    sounds: [],
    speaking: false,
  }))
}

function scheduleTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
