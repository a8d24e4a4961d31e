/** Webhooks: addresses that a room's messages are sent to. Who makes one decides what it may reach. */
import { isIP } from 'node:net'
import { AppError, createId, type Hook, limits, type RandomBytes } from '@maru/protocol'
import type { StoredHook } from '../storage/hooks.ts'
import { type RoomContext, refusable } from './append-entry.ts'
import { type Authority, checkAuthority } from './bots.ts'
import { isPublicAddress } from './public-address.ts'

/**
 * Sends the room's messages there from now on. `secret`, told this once, signs them. An owner reaches public addresses only: anybody can own a
 * room, and must not reach through the server what they cannot reach themselves.
 * @throws hook_bad, owner_only, not_found, too_many_hooks, storage_unavailable
 */
export async function makeHook(
  { storage, bus, random }: RoomContext & { random: RandomBytes },
  authority: Authority,
  { url: raw }: { url: string },
): Promise<{ hook: Hook; secret: string }> {
  const url = readUrl(raw, authority.member === undefined)
  const id = createId('HK_', random)
  const secret = Buffer.from(random(32)).toString('hex')
  const made = await storage.write(
    (tables) =>
      refusable(() => {
        const roomId = checkAuthority(tables, authority)
        if (tables.hooks.of(roomId).length >= limits.hooks) throw new AppError('too_many_hooks')
        const delivered = tables.rooms.settings(roomId).lastSeq
        tables.hooks.insert({ id, roomId, url, secret, createdBy: authority.member?.id ?? '', delivered })
        return tables.hooks.find(id) as StoredHook
      }),
    () => bus.publish({ type: 'hooksChanged' }),
  )
  if (made instanceof AppError) throw made
  return { hook: toHook(made), secret }
}

/** @throws not_found, owner_only */
export function listHooks({ storage }: Pick<RoomContext, 'storage'>, authority: Authority): Hook[] {
  return storage.read.hooks.of(checkAuthority(storage.read, authority)).map(toHook)
}

/** @throws not_found, owner_only, hook_unknown, storage_unavailable */
export async function removeHook({ storage, bus }: RoomContext, authority: Authority, id: string): Promise<void> {
  const outcome = await storage.write(
    (tables) =>
      refusable(() => {
        const roomId = checkAuthority(tables, authority)
        if (tables.hooks.find(id)?.roomId !== roomId) throw new AppError('hook_unknown')
        tables.hooks.remove(id)
      }),
    () => bus.publish({ type: 'hooksChanged' }),
  )
  if (outcome instanceof AppError) throw outcome
}

function toHook({ id, url, createdBy, createdAt, delivered, problem }: StoredHook): Hook {
  return { id, url, createdBy, createdAt, delivered, ...(problem !== undefined && { problem }) }
}

function readUrl(raw: string, isTrusted: boolean): string {
  const bad = (message: string) => new AppError('hook_bad', message, { field: 'url' })
  const url = URL.parse(raw)
  if (!url || !/^https?:$/.test(url.protocol)) throw bad('Give an address that begins with https:// or http://.')
  if (url.username || url.password)
    throw bad('The address may hold no name and password: the signature tells who sends.')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // Names are looked up, and judged, at each delivery: what they stand for can change.
  if (!isTrusted && (host === 'localhost' || (isIP(host) && !isPublicAddress(host))))
    throw bad('Only who runs the server can send messages to an address of its own network.')
  url.hash = ''
  return url.href
}
