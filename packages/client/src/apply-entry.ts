/**
 * What an entry of the log does to a room as one client holds it. Pure. Each change says how something is afterwards, not by how much it moves:
 * a line that was read later holds some changes already, and taking them again leaves it as it is.
 */
import {
  type Change,
  callsOn,
  type Entry,
  isLine,
  type KnownEntry,
  type Line,
  limits,
  type Member,
  type Message,
} from '@maru/protocol'
import type { Past, RoomState } from './room-state.ts'

/** The state after the entry; the same one where it was held already. */
export function applyEntry(state: RoomState, entry: Entry): RoomState {
  if (entry.seq <= state.cursor) return state
  const next = { ...state, cursor: entry.seq }
  if (entry.kind === 'unknown') return next
  return isLine(entry) ? addLine(next, entry) : change(next, entry)
}

function addLine(state: RoomState, line: Line): RoomState {
  const added = { ...state, entries: [...state.entries, line] }
  switch (line.kind) {
    case 'message':
      return addMessage(added, line)
    case 'topic':
      return { ...added, topic: line.topic }
    case 'retention':
      return { ...added, retention: line.retention }
    case 'pinned': {
      const others = state.pinned.filter((seq) => seq !== line.target)
      return { ...added, pinned: line.on ? [...others, line.target] : others }
    }
    default:
      return added
  }
}

function addMessage(state: RoomState, message: Message): RoomState {
  const { seq, member, root } = message
  const isMine = member === state.me?.id
  const next = {
    ...state,
    typing: state.typing.filter((each) => each.member !== member),
    ...(isMine && { pending: state.pending.filter(({ clientId }) => clientId !== message.clientId) }),
    ...(!isMine && seq > state.read && { unread: countUnread(state, message) }),
  }
  if (root === undefined) return next
  const { thread } = next
  const isSeen = thread?.root === root && seq > (thread.entries.at(-1)?.seq ?? 0)
  const seen = isSeen ? { ...next, thread: { ...thread, entries: [...thread.entries, message] } } : next
  return changeMessages(seen, (line) =>
    line.seq === root && seq > (line.answers?.last ?? 0)
      ? { ...line, answers: { count: (line.answers?.count ?? 0) + 1, last: seq } }
      : line,
  )
}

function countUnread(state: RoomState, message: Message): RoomState['unread'] {
  const { messages, mentions } = state.unread
  return {
    messages: Math.min(limits.unread, messages + 1),
    mentions: Math.min(limits.unread, mentions + (callsOn(message, state.me?.id) ? 1 : 0)),
  }
}

function change(state: RoomState, entry: Change): RoomState {
  switch (entry.kind) {
    case 'edited':
      return edit(state, entry)
    case 'deleted':
      return {
        ...changeMessages(state, (message) =>
          withQuote(message.seq === entry.target ? trace(message) : message, entry.target, undefined),
        ),
        pinned: state.pinned.filter((seq) => seq !== entry.target),
      }
    case 'reacted':
      return changeMessage(state, entry.target, (message) => react(message, entry))
    case 'voted':
      return changeMessage(state, entry.target, (message) => vote(message, entry))
    case 'pollClosed':
      return changeMessage(state, entry.target, (message) =>
        message.poll ? { ...message, poll: { ...message.poll, closed: entry.at } } : message,
      )
    case 'expired':
      return recount(state, expire(state, entry.upTo), entry.upTo)
    case 'forgotten':
      return forget(state, entry.member)
  }
}

function edit(
  state: RoomState,
  { target, text, mentions, everyone, at }: Extract<Change, { kind: 'edited' }>,
): RoomState {
  return changeMessages(state, (message) => {
    const quoted = withQuote(message, target, text)
    if (message.seq !== target || message.deleted) return quoted
    const { mentions: _mentions, everyone: _everyone, ...rest } = quoted
    return { ...rest, text, edited: at, ...(mentions && { mentions }), ...(everyone && { everyone }) }
  })
}

/** The message with its quote of another one as that is now; `undefined` where that is gone. */
function withQuote(message: Message, target: number, text: string | undefined): Message {
  const { replyTo } = message
  if (replyTo?.seq !== target || replyTo.deleted) return message
  const start = text === undefined ? '' : Array.from(text).slice(0, limits.quote).join('')
  return { ...message, replyTo: { ...replyTo, text: start, ...(text === undefined && { deleted: true }) } }
}

/** What is left of a deleted message. */
function trace(message: Message): Message {
  const { seq, at, member, name, clientId, to, replyTo, root, answers } = message
  return {
    seq,
    at,
    member,
    name,
    kind: 'message',
    clientId,
    text: '',
    deleted: true,
    ...(to && { to }),
    ...(replyTo && { replyTo }),
    ...(root !== undefined && { root }),
    ...(answers && { answers }),
  }
}

function react(message: Message, { member: id, name, emoji, on }: Extract<Change, { kind: 'reacted' }>): Message {
  if (message.deleted) return message
  const { reactions = [], ...rest } = message
  const there = reactions.find((reaction) => reaction.emoji === emoji)
  const has = there?.by.some((member) => member.id === id) ?? false
  if (has === on) return message
  const by = on ? [...(there?.by ?? []), { id, name }] : (there?.by ?? []).filter((member) => member.id !== id)
  const changed = there
    ? reactions.map((reaction) => (reaction === there ? { emoji, by } : reaction))
    : [...reactions, { emoji, by }]
  const left = changed.filter((reaction) => reaction.by.length > 0)
  return left.length === 0 ? rest : { ...rest, reactions: left }
}

function vote(message: Message, { member: id, name, options }: Extract<Change, { kind: 'voted' }>): Message {
  const { poll } = message
  if (!poll) return message
  const votes = poll.votes.map((by, option) => withMember(by, { id, name }, options.includes(option)))
  return { ...message, poll: { ...poll, votes } }
}

function withMember(members: readonly Member[], member: Member, isIn: boolean): Member[] {
  const others = members.filter(({ id }) => id !== member.id)
  return isIn ? [...others, member] : others
}

/** Nothing up to a number is kept any more. */
export function expire(state: RoomState, upTo: number): RoomState {
  if (upTo === 0) return state
  const { past, thread, ...live } = mapLines(state, (line) => withoutExpired(line, upTo))
  const kept = <Part extends Pick<Past, 'entries' | 'hasOlder'>>(part: Part): Part =>
    (part.entries[0]?.seq ?? Number.POSITIVE_INFINITY) > upTo
      ? part
      : { ...part, entries: part.entries.filter(({ seq }) => seq > upTo), hasOlder: false }
  const left = past && kept(past)
  return {
    ...kept(live),
    pinned: state.pinned.filter((seq) => seq > upTo),
    ...(left && left.entries.length > 0 && { past: left }),
    ...(thread && { thread: kept(thread) }),
  }
}

/** An answer to something that has expired no longer tells what or whose it was. */
function withoutExpired(line: Line, upTo: number): Line {
  if (line.kind !== 'message' || !line.replyTo || line.replyTo.seq > upTo || line.replyTo.member === '') return line
  return { ...line, replyTo: { seq: line.replyTo.seq, member: '', name: '', text: '', deleted: true } }
}

/** What went is no longer unread. Only lines that are held can be counted: where some are not, the next welcome tells. */
function recount(before: RoomState, after: RoomState, upTo: number): RoomState {
  const holdsAll = !before.hasOlder || (before.entries[0]?.seq ?? Number.POSITIVE_INFINITY) <= upTo
  if (before.read >= upTo || !holdsAll) return after
  const left = after.entries.flatMap((line) =>
    line.kind === 'message' && line.seq > after.read && line.member !== after.me?.id ? [line] : [],
  )
  const messages = Math.min(limits.unread, left.length)
  const mentions = left.filter((message) => callsOn(message, after.me?.id)).length
  return { ...after, unread: { messages, mentions: Math.min(after.unread.mentions, mentions) } }
}

/** Somebody is forgotten: traces of what they said, nothing of what they thought, no name. */
function forget(state: RoomState, id: string): RoomState {
  const without = (members: readonly Member[]) => members.filter((member) => member.id !== id)
  const gone = new Set<number>()
  const lines = [...state.entries, ...(state.past?.entries ?? []), ...(state.thread?.entries ?? [])]
  for (const line of lines) if (line.kind === 'message' && line.member === id) gone.add(line.seq)
  const strip = (line: Line): Line => {
    const own = line.member === id ? nameless(line) : line
    if (own.kind === 'owner' && own.target.id === id) return { ...own, target: { ...own.target, name: '' } }
    if (own.kind !== 'message') return own
    const { reactions, poll, replyTo, to, ...rest } = own
    const left = reactions?.map(({ emoji, by }) => ({ emoji, by: without(by) })).filter(({ by }) => by.length > 0)
    return {
      ...rest,
      ...(to && { to: to.id === id ? { id, name: '' } : to }),
      ...(left && left.length > 0 && { reactions: left }),
      ...(poll && { poll: { ...poll, votes: poll.votes.map(without) } }),
      ...(replyTo && {
        replyTo: replyTo.member === id ? { seq: replyTo.seq, member: id, name: '', text: '', deleted: true } : replyTo,
      }),
    }
  }
  return { ...mapLines(state, strip), pinned: state.pinned.filter((seq) => !gone.has(seq)) }
}

function nameless(line: Line): Line {
  if (line.kind === 'message') return { ...trace(line), name: '' }
  return line.kind === 'renamed' ? { ...line, name: '', before: '' } : { ...line, name: '' }
}

function changeMessage(state: RoomState, target: number, alter: (message: Message) => Message): RoomState {
  return changeMessages(state, (message) => (message.seq === target ? alter(message) : message))
}

function changeMessages(state: RoomState, alter: (message: Message) => Message): RoomState {
  return mapLines(state, (line) => (line.kind === 'message' ? alter(line) : line))
}

/** Lists in which nothing has changed stay the same ones, so that nobody renders them again. */
function mapLines(state: RoomState, alter: (line: Line) => Line): RoomState {
  const entries = mapped(state.entries, alter)
  const { past } = state
  const before: Past | undefined = past && { ...past, entries: mapped(past.entries, alter) }
  const { thread } = state
  return {
    ...state,
    entries,
    ...(before && { past: before }),
    ...(thread && { thread: { ...thread, entries: mapped(thread.entries, alter) } }),
  }
}

function mapped(lines: readonly Line[], alter: (line: Line) => Line): readonly Line[] {
  let changed = false
  const next = lines.map((line) => {
    const altered = alter(line)
    if (altered !== line) changed = true
    return altered
  })
  return changed ? next : lines
}

/** Entries in the order of the log; what is held already is passed over. */
export function applyEntries(state: RoomState, entries: readonly (Entry | KnownEntry)[]): RoomState {
  return entries.reduce(applyEntry, state)
}
