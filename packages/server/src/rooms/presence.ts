/**
 * Who is in which room, and the joined and left lines that follow from it.
 *
 * A member who leaves without saying so stays for a short grace, so that a reload writes nothing; a crowd that does stays for longer. What the log says about who is here
 * is kept beside it (`PresenceRecords`): after a crash or restart those members are expected back for a while. They are not shown as here
 * before they are, whoever returns in time writes nothing, and the others get their left line when the time is over.
 */
import { AppError, limits, type Member, nameKey } from '@maru/protocol'
import { appendEntry, type RoomContext } from './append-entry.ts'
import { isNameFor, uniqueName } from './unique-name.ts'

/** Long enough for a page to load again on a slow phone. */
const GRACE_MS = 5_000
/** Longer than the longest pause between two attempts of a client (15 s), so that all open pages are back before it ends. */
const RESTART_GRACE_MS = 30_000
/** So many leaving at once are no people who go but a network that broke: they get the time that they get after a restart. */
const CROWD = 100

/** Calls back once after a time; gives the way to call it off. */
export type Schedule = (delayMs: number, callback: () => void) => () => void

/** Of this process; it keeps it from nothing. */
export const scheduleTimer: Schedule = (delayMs, callback) => {
  const timer = setTimeout(callback, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}

export interface PresenceOptions extends RoomContext {
  schedule: Schedule
  graceMs?: number
  restartGraceMs?: number
  /** Told when a line could not be stored; whoever it is about is here or gone all the same. */
  failed: (error: unknown) => void
}

export interface Presence {
  people(room: string): Member[]
  /** How far those who are here have read. */
  reads(room: string): { member: string; seq: number }[]
  countPeople(): number
  /** The member, when here. */
  find(room: string, id: string): Member | undefined
  /**
   * The member is in the room now, under the nickname or the nearest free one, and has read it up to a number.
   * @throws room_full
   */
  enter(room: string, member: Member, read: number): Member
  /** The member, when here, has read up to this number. */
  markRead(room: string, id: string, seq: number): void
  /** The member is an owner from now on. */
  promote(room: string, id: string): void
  /** `now`: the member said so. Otherwise the grace begins. */
  leave(room: string, id: string, how: 'now' | 'later'): void
  rename(room: string, id: string, name: string): Member
  /** The member is nowhere any more, and no line tells of it. */
  forget(id: string): void
  /** Forgets everything without a line: after the restart all are expected back. */
  close(): void
}

interface Here {
  name: string
  /** Of the name: making it for everybody whenever somebody enters would take longer than all else. */
  key: string
  read: number
  owner: boolean
  state: 'here' | 'leaving' | 'expected'
  cancel: () => void
}

const nothing = () => {}

const named = (name: string) => ({ name, key: nameKey(name) })

const toMember = (id: string, { name, owner }: Here): Member => ({ id, name, ...(owner && { owner }) })

export function createPresence(options: PresenceOptions): Presence {
  const { storage, bus, schedule, failed, graceMs = GRACE_MS, restartGraceMs = RESTART_GRACE_MS } = options
  const rooms = new Map<string, Map<string, Here>>()
  const membersOf = (room: string): Map<string, Here> => {
    const members = rooms.get(room) ?? new Map<string, Here>()
    rooms.set(room, members)
    return members
  }
  function visible(room: string): Member[] {
    const found: Member[] = []
    for (const [id, here] of rooms.get(room) ?? []) if (here.state !== 'expected') found.push(toMember(id, here))
    return found
  }

  const expected = storage.read.presence.all()
  for (const { room, member } of expected)
    membersOf(room).set(member.id, { ...named(member.name), read: 0, owner: false, state: 'expected', cancel: nothing })
  const stopExpecting =
    expected.length === 0
      ? nothing
      : schedule(restartGraceMs, () => {
          for (const { room, member } of expected)
            if (rooms.get(room)?.get(member.id)?.state === 'expected') remove(room, member.id)
        })

  function write(
    room: string,
    member: Member,
    line: { kind: 'joined' | 'left' } | { kind: 'renamed'; before: string },
  ): void {
    const change = { ...line, member: member.id, name: member.name }
    appendEntry(options, room, change, ({ presence, memberships }, roomId) => {
      if (line.kind === 'left') return presence.remove(roomId, member.id)
      presence.put(roomId, member)
      memberships.rename(roomId, member)
    }).catch(failed)
  }

  /** How many are leaving, in all rooms. */
  let leaving = 0
  function stay(found: Here): void {
    found.cancel()
    found.cancel = nothing
    if (found.state === 'leaving') leaving -= 1
  }

  function remove(room: string, id: string): void {
    const members = rooms.get(room)
    const found = members?.get(id)
    if (!members || !found) return
    stay(found)
    members.delete(id)
    if (members.size === 0) rooms.delete(room)
    if (found.state !== 'expected') bus.publish({ type: 'memberGone', room, member: id })
    write(room, { id, name: found.name }, { kind: 'left' })
  }

  function keysBeside(members: Map<string, Here>, id: string): Set<string> {
    const keys = new Set<string>()
    for (const [other, { key }] of members) if (other !== id) keys.add(key)
    return keys
  }

  function rename(room: string, id: string, wished: string): Member {
    const members = rooms.get(room)
    const found = members?.get(id)
    if (!members || !found) throw new Error('only who is here can be renamed')
    const name = uniqueName(wished, keysBeside(members, id))
    const before = found.name
    if (name === before) return toMember(id, found)
    Object.assign(found, named(name))
    const member = toMember(id, found)
    bus.publish({ type: 'memberHere', room, member })
    bus.publish({ type: 'memberRenamed', room, member: id, name })
    write(room, member, { kind: 'renamed', before })
    return member
  }

  function comeBack(room: string, found: Here, { id, name: wished, owner = false }: Member): Member {
    stay(found)
    found.owner = owner
    const wasExpected = found.state === 'expected'
    const before = found.name
    found.state = 'here'
    if (!isNameFor(before, wished)) rename(room, id, wished)
    const member = toMember(id, found)
    if (wasExpected && found.name === before) bus.publish({ type: 'memberHere', room, member })
    return member
  }

  return {
    people: visible,
    countPeople: () => Array.from(rooms.keys(), (room) => visible(room).length).reduce((sum, n) => sum + n, 0),
    find(room, id) {
      const found = rooms.get(room)?.get(id)
      return found && found.state !== 'expected' ? toMember(id, found) : undefined
    },
    reads(room) {
      const found: { member: string; seq: number }[] = []
      for (const [member, { state, read }] of rooms.get(room) ?? [])
        if (state !== 'expected' && read > 0) found.push({ member, seq: read })
      return found
    },
    enter(room, wished, read) {
      const { id, name, owner = false } = wished
      const members = membersOf(room)
      const found = members.get(id)
      if (found) found.read = Math.max(found.read, read)
      if (found) return comeBack(room, found, wished)
      if (members.size >= limits.people)
        throw new AppError('room_full', `This room is full: at most ${limits.people} people fit into it.`)
      const given = named(uniqueName(name, keysBeside(members, id)))
      const here: Here = { ...given, read, owner, state: 'here', cancel: nothing }
      const member = toMember(id, here)
      members.set(id, here)
      bus.publish({ type: 'memberHere', room, member })
      write(room, member, { kind: 'joined' })
      return member
    },
    markRead(room, id, seq) {
      const found = rooms.get(room)?.get(id)
      if (found) found.read = Math.max(found.read, seq)
    },
    promote(room, id) {
      const found = rooms.get(room)?.get(id)
      if (!found || found.owner) return
      found.owner = true
      if (found.state !== 'expected') bus.publish({ type: 'memberHere', room, member: toMember(id, found) })
    },
    leave(room, id, how) {
      const found = rooms.get(room)?.get(id)
      if (!found || found.state === 'expected') return
      if (how === 'now') return remove(room, id)
      if (found.state === 'leaving') return
      found.state = 'leaving'
      leaving += 1
      found.cancel = schedule(graceMs, () => {
        if (leaving < CROWD) return remove(room, id)
        found.cancel = schedule(Math.max(0, restartGraceMs - graceMs), () => remove(room, id))
      })
    },
    rename,
    forget(id) {
      for (const [room, members] of rooms) {
        const found = members.get(id)
        if (found) stay(found)
        if (members.delete(id)) bus.publish({ type: 'memberGone', room, member: id })
        if (members.size === 0) rooms.delete(room)
      }
    },
    close() {
      stopExpecting()
      for (const members of rooms.values()) for (const { cancel } of members.values()) cancel()
      rooms.clear()
    },
  }
}
