import { isLine, limits, type Member, type ServerMessage, type Welcome } from '@maru/protocol'
import { applyEntries, expire } from './apply-entry.ts'
import type { PendingMessage, RoomEvent, RoomState } from './room-state.ts'
import { turnPages } from './turn-pages.ts'

/** The next state. Pure: the same events in the same order give the same state. */
export function reduce(state: RoomState, event: RoomEvent): RoomState {
  switch (event.type) {
    case 'connecting':
      return { ...settled(state), connection: 'connecting' }
    case 'received':
      return receive(state, event.message, event.at)
    case 'lost':
      return {
        ...settled(state),
        connection: 'waiting',
        retryAt: event.retryAt,
        typing: [],
        ...(event.problem && { problem: event.problem }),
      }
    case 'closed':
      return {
        ...settled(state),
        connection: 'closed',
        people: [],
        call: [],
        typing: [],
        ...(event.problem && { problem: event.problem }),
      }
    case 'olderLoaded':
    case 'newerLoaded':
    case 'jumped':
    case 'returned':
    case 'trimmed':
    case 'threadLoaded':
    case 'threadClosed':
      return turnPages(state, event)
    case 'timePassed':
      return { ...state, typing: state.typing.filter(({ until }) => until > event.at) }
    case 'renamed':
      return {
        ...state,
        name: event.name,
        ...(state.me && event.given !== undefined && { me: { ...state.me, name: event.given } }),
      }
    default:
      return { ...state, pending: changePending(state.pending, event) }
  }
}

type PendingEvent = Extract<
  RoomEvent,
  { type: 'queued' | 'restored' | 'acknowledged' | 'failed' | 'retried' | 'discarded' }
>

function changePending(pending: readonly PendingMessage[], event: PendingEvent): readonly PendingMessage[] {
  switch (event.type) {
    case 'queued':
      return [...pending, { ...event.draft, clientId: event.clientId, state: 'sending' }]
    case 'restored':
      return [...event.messages, ...pending]
    case 'acknowledged':
    case 'discarded':
      return pending.filter((message) => message.clientId !== event.clientId)
    case 'failed':
      return pending.map((message) =>
        message.clientId === event.clientId ? { ...message, state: 'failed', problem: event.problem } : message,
      )
    case 'retried':
      return pending.map((message) => {
        if (message.clientId !== event.clientId) return message
        const { problem: _problem, ...rest } = message
        return { ...rest, state: 'sending' }
      })
  }
}

/** The state without what belongs to one attempt only. */
function settled(state: RoomState): RoomState {
  const { problem: _problem, retryAt: _retryAt, ...rest } = state
  return rest
}

function receive(state: RoomState, message: ServerMessage, at: number): RoomState {
  switch (message.type) {
    case 'welcome':
      return enter(state, message)
    case 'entry':
      return applyEntries(state, [message.entry])
    case 'here':
      return {
        ...state,
        ...(state.me?.id === message.member.id && { me: message.member }),
        people: upsert(state.people, message.member),
      }
    case 'gone':
      return {
        ...state,
        people: state.people.filter((member) => member.id !== message.member),
        typing: state.typing.filter(({ member }) => member !== message.member),
      }
    case 'call':
      return { ...state, call: message.people }
    case 'typing': {
      if (message.member === state.me?.id) return state
      const typist = { member: message.member, isPrivate: message.to !== undefined, until: at + limits.typingMs }
      return { ...state, typing: [...state.typing.filter(({ member }) => member !== message.member), typist] }
    }
    case 'read':
      if (message.member === state.me?.id)
        return { ...state, read: Math.max(state.read, message.seq), ...(message.unread && { unread: message.unread }) }
      return { ...state, reads: { ...state.reads, [message.member]: message.seq } }
    case 'storage':
      return { ...state, storageWorks: message.works }
    case 'reply':
    case 'error':
    case 'replaced':
    case 'ended':
      return state
  }
}

function enter(state: RoomState, welcome: Welcome): RoomState {
  const { room, me, people, call, reset, cursor } = welcome
  const base: RoomState = { ...settled(state), connection: 'open', room: room.name, me, people, call }
  const { past: _past, thread: _thread, ...anew } = base
  const held = reset
    ? {
        ...anew,
        view: state.view + 1,
        entries: welcome.entries.filter(isLine),
        hasOlder: welcome.hasOlder,
        pending: withoutSent(state, welcome),
      }
    : applyEntries(base, welcome.entries)
  // What was missed of all this, too, is in the welcome as it is now.
  return {
    ...expire(held, room.expired),
    cursor,
    topic: room.topic,
    retention: room.retention,
    pinned: room.pinned,
    read: welcome.read,
    unread: welcome.unread,
    reads: Object.fromEntries(welcome.reads.map(({ member, seq }) => [member, seq])),
    typing: [],
    storageWorks: true,
    limits: welcome.limits,
  }
}

function withoutSent({ pending }: RoomState, { me, entries }: Welcome): readonly PendingMessage[] {
  const sent = new Set(
    entries.flatMap((entry) => (entry.kind === 'message' && entry.member === me.id ? [entry.clientId] : [])),
  )
  return pending.filter(({ clientId }) => !sent.has(clientId))
}

function upsert(people: readonly Member[], member: Member): Member[] {
  return people.some(({ id }) => id === member.id)
    ? people.map((other) => (other.id === member.id ? member : other))
    : [...people, member]
}
