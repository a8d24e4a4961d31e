/**
 * All calls of this node. Brings inputs and engine events to the call they belong to and carries the effects out;
 * decides nothing itself.
 */

import type { AudioLevel, EngineCommand, EngineEvent, MediaEngine } from '../media/media-engine.ts'
import type { Schedule } from '../rooms/presence.ts'
import {
  type Call,
  type CallOptions,
  type CallSnapshot,
  createCall,
  describeCall,
  findByIdentity,
  visibleParticipants,
} from './call.ts'
import type { CallEvent, CallMessage, Effect, EndReason } from './effect.ts'
import type { DataEnvelope } from './forward-data.ts'
import { checkSeat, type JoinRequest } from './join.ts'
import { type ParticipantSnapshot, snapshot } from './participant.ts'
import type { RpcResult, RpcStage } from './pending-rpcs.ts'
import type { RpcRequest } from './perform-rpc.ts'
import { CallRefusal } from './refusal.ts'
import { findResumable, type Resumption } from './resume.ts'
import type { Random } from './sid.ts'
import { type CallInput, type ClientInput, type MediaInput, step } from './step.ts'
import { checkMetadata } from './update-details.ts'

/** More than this kept back, or for longer, means that the engine's thread stands still. */
const MAX_WAITING_COMMANDS = 10_000
const MAX_BEHIND_MS = 10_000

export interface LiveCallsParts {
  engine: MediaEngine
  now: () => number
  schedule: Schedule
  random: Random
  /** Carries a message to the connections of these participants; unknown ones are passed over. */
  deliver(to: string[], message: CallMessage): void
  refreshToken(participant: ParticipantSnapshot): void
  disconnect(participant: string): void
  publish(event: { type: 'callChanged'; room: string; people: { identity: string; name: string }[] }): void
  /** The call is as it was just after the event. */
  happened(call: CallSnapshot, event: CallEvent): void
  readData(payload: Uint8Array): DataEnvelope | undefined
  /** From now on time brings something about: `tick` is to be called every second or so, until `isAsleep`. */
  awake(): void
  log: { debug(text: string, fields?: object): void; error(text: string, fields?: object): void }
}

export interface LiveCalls {
  /** Makes the call, or changes what is given of one that is live already. */
  open(name: string, options: Partial<CallOptions>): CallSnapshot
  list(names: readonly string[]): CallSnapshot[]
  /** @throws CallRefusal when there is no such call. */
  end(name: string, reason: EndReason): void
  /** @throws CallRefusal when the newcomer has no place. */
  checkJoin(name: string, joining: Pick<JoinRequest, 'identity' | 'kind' | 'permissions'>): void
  join(name: string, request: JoinRequest, options: Partial<CallOptions>): void
  /** The person has another name now, by the word of whoever gave it the identity. Nothing where it is not in the call. */
  rename(name: string, identity: string, to: string): void
  /**
   * A client wants to go on with a broken connection. Who may is then given a new one, followed by the input `resume`.
   * `sid` is empty where the client does not name it.
   */
  findResumable(name: string, identity: string, sid: string): Resumption
  fromClient(participant: string, input: ClientInput): void
  /** @throws CallRefusal when there is no such call, or when the rules forbid the input. */
  change(name: string, input: CallInput): CallSnapshot
  /** Everybody, the hidden too: who asks holds the API key. Nobody where there is no such call. */
  participants(name: string): ParticipantSnapshot[]
  /** @throws CallRefusal */
  participant(name: string, identity: string): ParticipantSnapshot
  /**
   * Calls a procedure of a participant.
   * @throws CallRefusal
   */
  performRpc(name: string, identity: string, request: RpcRequest): Promise<RpcResult>
  tick(): void
  /** Whether there is nothing for `tick` to do: no call, and no command that waits. */
  isAsleep(): boolean
  /** Whether anybody can be in a call: not once the media engine has stopped. */
  works(): boolean
  stats(): { rooms: number; participants: number; tracks: number }
}

/** A remote procedure that is under way. */
interface Rpc extends PromiseWithResolvers<RpcResult> {
  /** Its time is watched no longer. */
  cancel(): void
}

interface Place {
  call: Call
  participant: string
}

export function createLiveCalls(parts: LiveCallsParts): LiveCalls {
  const { engine, now, schedule, random, log } = parts
  const calls = new Map<string, Call>()
  const places = new Map<string, Call>()
  const transports = new Map<number, Place>()
  const tracks = new Map<string, Call>()
  const rpcs = new Map<string, Rpc>()
  let nextTransport = 1
  let commands: EngineCommand[] = []
  let behindSince: number | undefined
  let failed = false

  function run(call: Call, input: CallInput): void {
    const effects = step(call, input, now(), random)
    for (const effect of effects) carryOut(call, effect)
    if (call.ended && calls.get(call.name) === call) calls.delete(call.name)
  }

  /** The engine takes the commands of one turn, or of one batch of events, together. */
  function flush(): void {
    if (commands.length === 0) return
    if (behindSince === undefined) hand()
    else if (commands.length > MAX_WAITING_COMMANDS) failAll()
  }

  /** None may be lost and none overtake another: while the engine's queue is full they wait, and are tried with each tick. */
  function hand(): void {
    const batch = commands
    commands = []
    if (failed || batch.length === 0) return
    try {
      engine.apply(batch)
      behindSince = undefined
    } catch (error) {
      commands = [...batch, ...commands]
      parts.awake()
      if (behindSince === undefined) log.error('the media engine takes no more commands', { error: String(error) })
      behindSince ??= now()
      if (now() - behindSince >= MAX_BEHIND_MS) failAll()
    }
  }

  function carryOut(call: Call, effect: Effect): void {
    switch (effect.type) {
      case 'send':
        parts.deliver(effect.to, effect.message)
        break
      case 'engine':
        noteCommand(call, effect.command)
        commands.push(effect.command)
        break
      case 'refreshToken': {
        const participant = call.participants.get(effect.participant)
        if (participant) parts.refreshToken(snapshot(participant))
        break
      }
      case 'disconnect':
        parts.disconnect(effect.participant)
        break
      case 'rpcEnded':
        rpcs.get(effect.id)?.cancel()
        rpcs.get(effect.id)?.resolve(effect.result)
        rpcs.delete(effect.id)
        break
      case 'rpcBegan': {
        const cancel = watchRpc(call, effect.id, effect.deadlines)
        rpcs.set(effect.id, { ...Promise.withResolvers(), cancel })
        break
      }
      case 'happened':
        parts.happened(describeCall(call), effect.event)
        break
      case 'peopleChanged':
        parts.publish({ type: 'callChanged', room: call.name, people: peopleOf(call) })
    }
  }

  /** Gives the way to watch no longer. */
  function watchRpc(call: Call, id: string, deadlines: Record<RpcStage, number>): () => void {
    const watch = (stage: RpcStage) =>
      schedule(deadlines[stage], () => {
        runForAll(call, { type: 'rpcOverdue', id, stage })
        flush()
      })
    const cancels = [watch('begin'), watch('end')]
    return () => {
      for (const cancel of cancels) cancel()
    }
  }

  function noteCommand(call: Call, command: EngineCommand): void {
    if (command.type === 'closeTransport') {
      places.delete(transports.get(command.transport)?.participant ?? '')
      transports.delete(command.transport)
    } else if (command.type === 'publishTrack') tracks.set(command.track, call)
    else if (command.type === 'unpublishTrack') tracks.delete(command.track)
  }

  /** A fault of ours in one input costs that participant its connection and nobody else anything. */
  function runFor({ call, participant }: Place, input: ClientInput | MediaInput): void {
    try {
      run(call, { type: 'participant', participant, input })
    } catch (error) {
      log.error('a call could not take an input', { input: input.type, participant, error: String(error) })
      if (input.type !== 'misbehave') runFor({ call, participant }, { type: 'misbehave' })
    }
  }

  /** A fault of ours here costs nobody anything: neither other calls nor the process. */
  function runForAll(call: Call, input: CallInput): void {
    try {
      run(call, input)
    } catch (error) {
      log.error('a call could not take an input', { input: input.type, error: String(error) })
    }
  }

  function hear(events: EngineEvent[]): void {
    for (const event of events) {
      if (event.type === 'audioLevels') hearLevels(event.levels)
      else if (event.type === 'layerStarted' || event.type === 'wantedLayers') {
        const call = tracks.get(event.track)
        if (call) runForAll(call, event)
      } else if (event.type === 'engineFailed') failAll()
      else if (event.type === 'log')
        log[event.level === 'error' ? 'error' : 'debug']('media engine', {
          message: event.message,
          transport: event.transport,
        })
      else hearTransport(event)
    }
    flush()
  }

  function hearTransport(event: Extract<EngineEvent, { transport: number }>): void {
    const place = transports.get(event.transport)
    const input = place && mediaInput(event, parts.readData)
    if (input) runFor(place, input)
  }

  function hearLevels(levels: AudioLevel[]): void {
    const heard = Map.groupBy(levels, (level) => tracks.get(level.track))
    for (const [call, own] of heard) if (call) runForAll(call, { type: 'levels', levels: own })
  }

  /** There are no calls any more until the server starts again. */
  function failAll(): void {
    failed = true
    behindSince = undefined
    for (const call of [...calls.values()]) runForAll(call, { type: 'end', reason: 'mediaFailure' })
    commands = []
  }

  function find(name: string): Call {
    const call = calls.get(name)
    if (!call) throw new CallRefusal('notFound', 'requested room does not exist')
    return call
  }

  function obtain(name: string, options: Partial<CallOptions>): Call {
    let call = calls.get(name)
    if (!call) {
      call = createCall(name, options, now(), random)
      calls.set(name, call)
      parts.awake()
      parts.happened(describeCall(call), { type: 'callStarted' })
    }
    return call
  }

  engine.onEvents(hear)
  return {
    open: (name, options) => {
      checkMetadata(options.metadata ?? '')
      const live = calls.get(name)
      if (!live) return describeCall(obtain(name, options))
      const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value))
      if (Object.keys(given).length > 0) run(live, { type: 'updateCall', options: given })
      return describeCall(live)
    },
    list: (names) =>
      [...calls.values()].filter((call) => names.length === 0 || names.includes(call.name)).map(describeCall),
    end: (name, reason) => {
      run(find(name), { type: 'end', reason })
      flush()
    },
    checkJoin: (name, joining) => {
      if (failed) throw new CallRefusal('unavailable', 'the media engine has stopped')
      const call = calls.get(name)
      if (call) checkSeat(call, joining)
    },
    join: (name, request, options) => {
      const call = obtain(name, options)
      checkSeat(call, request)
      const publisher = nextTransport++
      const ids = { publisher, subscriber: request.single ? publisher : nextTransport++ }
      for (const id of [ids.publisher, ids.subscriber]) transports.set(id, { call, participant: request.sid })
      places.set(request.sid, call)
      run(call, { type: 'join', request, transports: ids })
      flush()
    },
    findResumable: (name, identity, sid) => {
      const call = calls.get(name)
      const found = findResumable(call, identity, sid)
      const participant = call && findByIdentity(call, identity)
      if (!participant) return found
      const meant = { call, participant: participant.sid }
      if (found.type === 'refused' && found.action === 'reconnect') runFor(meant, { type: 'comeBack' })
      if (found.type === 'unanswered') runFor(meant, { type: 'missResume' })
      return found
    },
    rename: (name, identity, to) => {
      const call = calls.get(name)
      const participant = call && findByIdentity(call, identity)
      if (!call || !participant || participant.name === to) return
      const details = { name: to, metadata: '', attributes: {} }
      const input = { type: 'updateOther', details, permissions: undefined } as const
      run(call, { type: 'participant', participant: participant.sid, input })
      flush()
    },
    fromClient: (participant, input) => {
      const call = places.get(participant)
      if (call) runFor({ call, participant }, input)
      flush()
    },
    change: (name, input) => {
      const call = find(name)
      run(call, input)
      flush()
      return describeCall(call)
    },
    participants: (name) => [...(calls.get(name)?.participants.values() ?? [])].map(snapshot),
    participant: (name, identity) => {
      const call = calls.get(name)
      const participant = call && findByIdentity(call, identity)
      if (!participant) throw new CallRefusal('notFound', 'participant does not exist')
      return snapshot(participant)
    },
    performRpc: (name, identity, request) => {
      const call = calls.get(name)
      const participant = call && findByIdentity(call, identity)
      if (!call || !participant) throw new CallRefusal('notFound', 'participant does not exist')
      run(call, { type: 'participant', participant: participant.sid, input: { type: 'performRpc', request } })
      const rpc = rpcs.get(request.id)
      flush()
      return rpc?.promise ?? Promise.reject(new Error('the procedure was not called'))
    },
    tick: () => {
      for (const call of [...calls.values()]) runForAll(call, { type: 'tick' })
      hand()
    },
    isAsleep: () => calls.size === 0 && commands.length === 0,
    works: () => !failed,
    stats: () => ({ rooms: calls.size, participants: places.size, tracks: tracks.size }),
  }
}

function peopleOf(call: Call): { identity: string; name: string }[] {
  return visibleParticipants(call).map(({ identity, name }) => ({ identity, name: name || identity }))
}

/** The event in the words of a call; undefined for what calls do not care about. */
function mediaInput(
  event: Extract<EngineEvent, { transport: number }>,
  readData: (payload: Uint8Array) => DataEnvelope | undefined,
): MediaInput | undefined {
  switch (event.type) {
    case 'answered':
    case 'offered':
    case 'sectionsRequired':
    case 'subscriptionStarted':
    case 'subscriptionFailed':
    case 'subscriptionPaused':
    case 'subscriptionResumed':
    case 'quality':
      return event
    case 'negotiationFailed':
      return { type: 'negotiationFailed' }
    case 'transportConnected':
      return { type: 'connected', transport: event.transport }
    case 'transportClosed':
      return { type: 'closed', transport: event.transport }
    case 'dataReceived': {
      // Channels of other names carry what this server does not forward.
      const isOurs = event.label === '_reliable' || event.label === '_lossy'
      const envelope = isOurs ? readData(event.payload) : undefined
      return envelope && { type: 'data', reliable: event.reliable, envelope }
    }
    default:
      return undefined
  }
}
