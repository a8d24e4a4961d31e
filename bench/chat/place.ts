import { createHash, randomBytes } from 'node:crypto'
import { openStorage, type Storage } from '../../packages/server/src/storage/open-storage.ts'

/** Fills the database of a server that is not running. */
export async function fill<Result>(file: string, job: (storage: Storage) => Promise<Result>): Promise<Result> {
  const storage = openStorage({ database: file })
  try {
    return await job(storage)
  } finally {
    storage.close()
  }
}

/** Members of a room, each with as many devices, and a token for each device. */
export function addMembers(storage: Storage, room: string, people: number, devices: number): Promise<string[]> {
  return storage.write(({ rooms, members, memberships, sessions }) => {
    const roomId = rooms.ensure(room)
    return Array.from({ length: people }, (_, n) => {
      const member = {
        id: `ME_${room}${String(n).padStart(11, '0')}`,
        name: `Member ${n}`,
        ...(n === 0 && { owner: true }),
      }
      members.insert(member)
      memberships.insert(roomId, { member, since: 0, read: 0 })
      return Array.from({ length: devices }, () => {
        const token = randomBytes(32)
        const tokenHash = createHash('sha256').update(token).digest()
        sessions.insert({ id: `SE_${token.toString('hex', 0, 12)}`, member: member.id, tokenHash, device: 'bench' })
        return token.toString('hex')
      })
    }).flat()
  })
}

/** Members who all belong to the same rooms, where something was said. Gives a token for each. */
export function addRooms(storage: Storage, people: number, rooms: number): Promise<string[]> {
  return storage.write((tables) => {
    const ids = Array.from({ length: rooms }, (_, n) => tables.rooms.ensure(`room${n}`))
    const tokens = Array.from({ length: people }, (_, n) => {
      const member = { id: `ME_idle${String(n).padStart(10, '0')}`, name: `Member ${n}` }
      tables.members.insert(member)
      for (const roomId of ids) tables.memberships.insert(roomId, { member, since: 0, read: 0 })
      const token = randomBytes(32)
      const tokenHash = createHash('sha256').update(token).digest()
      tables.sessions.insert({
        id: `SE_${token.toString('hex', 0, 12)}`,
        member: member.id,
        tokenHash,
        device: 'bench',
      })
      return token.toString('hex')
    })
    const speaker = { member: 'ME_idle0000000000', name: 'Member 0' }
    for (const [n, roomId] of ids.entries())
      tables.entries.append(roomId, { kind: 'message', ...speaker, clientId: String(n), text: textOf(n) })
    return tokens
  })
}

const WORDS =
  'garden river window paper morning station bridge kettle lantern orchard pocket ribbon saddle thunder valley winter'.split(
    ' ',
  )

/** The nth message: common words, one in thirty of them with the pair that is searched for. */
export function textOf(n: number): string {
  const words = Array.from({ length: 12 }, (_, at) => `${WORDS[(n * 7 + at * (1 + (n % 5))) % WORDS.length]}`)
  if (n % 30 === 0) words.push('marble', 'harbour')
  return `${words.join(' ')} ${n}`
}

const STEP = 2_000

/** Messages as they would stand there after years, in the index as well. */
export async function addMessages(storage: Storage, room: string, member: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += STEP)
    await storage.write(({ rooms, entries }) => {
      const roomId = rooms.ensure(room)
      for (let n = from; n < Math.min(count, from + STEP); n += 1)
        entries.append(roomId, { kind: 'message', member, name: 'Member 0', clientId: String(n), text: textOf(n) })
    })
  while (await storage.write(({ search }) => search.catchUp(STEP * 5)));
}
