import type { Member } from '@maru/protocol'
import type { RoomClient } from './room-client.ts'

/** Everybody who belongs to the room, here or not, by name. The server tells of very many page by page. */
export async function everyMember({ ask }: Pick<RoomClient, 'ask'>): Promise<Member[]> {
  const found: Member[] = []
  for (let after: string | undefined; ; ) {
    const { members, next } = await ask<'members'>({ type: 'members', ...(after !== undefined && { after }) })
    found.push(...members)
    if (next === undefined) break
    after = next
  }
  return found.toSorted((a, b) => a.name.localeCompare(b.name))
}
