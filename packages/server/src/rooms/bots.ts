/** Bots: members that a room's owner or who runs the server lets in, with a token that is good for this room and these rights only. */
import { AppError, type Bot, type BotDraft, createId, limits, type RandomBytes, readName } from '@maru/protocol'
import { hashToken } from '../accounts/identify-member.ts'
import type { StoredTables } from '../storage/open-storage.ts'
import { type RoomContext, refusable } from './append-entry.ts'
import { checkOwner } from './check-owner.ts'
import { uniqueName } from './unique-name.ts'

/** Who asks: a member of the room, or who runs the server. */
export type Authority = { room: string; member?: { id: string; name: string } | undefined }

/** @throws not_found, owner_only */
export function checkAuthority(tables: StoredTables, { room, member }: Authority): number {
  const roomId = tables.rooms.find(room)
  if (roomId === undefined) throw new AppError('not_found', 'There is no such room.')
  if (member) checkOwner(tables, roomId, member.id)
  return roomId
}

/**
 * Lets a bot in. Its token is told this once. With the right `manage` it is an owner of the room.
 * @throws name_empty, name_too_long, owner_only, not_found, too_many_bots, storage_unavailable
 */
export async function makeBot(
  { storage, random }: RoomContext & { random: RandomBytes },
  authority: Authority,
  draft: BotDraft,
): Promise<{ bot: Bot; token: string }> {
  const wished = readName(draft.name)
  const rights = [...new Set(draft.rights)]
  const token = Buffer.from(random(32)).toString('hex')
  const id = createId('ME_', random)
  const session = createId('SE_', random)
  const made = await storage.write((tables) =>
    refusable((): Bot => {
      const roomId = checkAuthority(tables, authority)
      const { sessions, members, memberships, rooms } = tables
      const bots = sessions.bots(roomId)
      if (bots.length >= limits.bots) throw new AppError('too_many_bots')
      const name = uniqueName(wished, { has: (key) => memberships.withKey(roomId, key, 1).length > 0 })
      const member = { id, name, ...(rights.includes('manage') && { owner: true }) }
      const { lastSeq } = rooms.settings(roomId)
      members.insert({ id, name })
      memberships.insert(roomId, { member, since: lastSeq, read: lastSeq })
      sessions.insert({ id: session, member: id, tokenHash: hashToken(token), device: 'bot', bot: { roomId, rights } })
      const createdAt = sessions.bots(roomId).find((bot) => bot.session === session)?.createdAt ?? 0
      return { member, rights, createdAt }
    }),
  )
  if (made instanceof AppError) throw made
  return { bot: made, token }
}

/** @throws not_found, owner_only */
export function listBots({ storage }: Pick<RoomContext, 'storage'>, authority: Authority): Bot[] {
  const roomId = checkAuthority(storage.read, authority)
  return storage.read.sessions.bots(roomId).flatMap(({ member: id, rights, createdAt }) => {
    const member = storage.read.memberships.find(roomId, id)?.member
    return member ? [{ member, rights: [...rights], createdAt }] : []
  })
}

/**
 * Its token is worth nothing from now on. What it wrote stays.
 * @throws not_found, owner_only, bot_unknown, storage_unavailable
 */
export async function endBot({ storage, bus }: RoomContext, authority: Authority, member: string): Promise<void> {
  const ended = await storage.write(
    (tables) =>
      refusable(() => {
        const roomId = checkAuthority(tables, authority)
        const bot = tables.sessions.bots(roomId).find((each) => each.member === member)
        if (!bot) throw new AppError('bot_unknown')
        tables.sessions.end(bot.session)
        tables.memberships.remove(roomId, member)
        tables.members.remove(member)
        return bot.session
      }),
    (session) => {
      if (typeof session === 'string') bus.publish({ type: 'sessionEnded', session })
    },
  )
  if (ended instanceof AppError) throw ended
}
