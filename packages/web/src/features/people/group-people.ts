import type { CallPerson, Member } from '@maru/protocol'

export interface PersonLine {
  id: string
  name: string
  me: boolean
}

/**
 * Parts the people into those in the call and those in the room alone, the reader first, then by name. Who joined the
 * call with a program of their own is no member of the room, but is there and is listed.
 */
export function groupPeople(
  here: readonly Member[],
  call: readonly CallPerson[],
  me: string | undefined,
): { inCall: PersonLine[]; inRoom: PersonLine[] } {
  const line = (id: string, name: string): PersonLine => ({ id, name, me: id === me })
  const names = new Map(here.map((member) => [member.id, member.name]))
  const calling = new Set(call.map((person) => person.identity))
  const inCall = call.map((person) =>
    line(person.identity, names.get(person.identity) ?? (person.name || person.identity)),
  )
  const inRoom = here.filter((member) => !calling.has(member.id)).map((member) => line(member.id, member.name))
  return { inCall: inCall.sort(byName), inRoom: inRoom.sort(byName) }
}

function byName(a: PersonLine, b: PersonLine): number {
  return Number(b.me) - Number(a.me) || a.name.localeCompare(b.name)
}
