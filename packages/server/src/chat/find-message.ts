import { AppError } from '@maru/protocol'
import { viewOf } from '../rooms/view-of.ts'
import type { StoredMessage } from '../storage/entry-rows.ts'
import type { StoredTables } from '../storage/open-storage.ts'

/**
 * The message of that number, for a member who may read it. Whoever may not hears what they would hear of one that was never there.
 * @throws message_gone
 */
export function findMessage(tables: StoredTables, roomId: number, reader: string, target: number): StoredMessage {
  const message = tables.entries.message(roomId, target)
  const isMine = message?.to === null || message?.to === reader || message?.member === reader
  if (!message || message.deleted || !isMine || target <= viewOf(tables, roomId, reader).from)
    throw new AppError('message_gone', undefined, { field: 'target' })
  return message
}

/** Who beside `member` may know of a change of the message; undefined for everybody. */
export function otherReader({ member: author, to }: StoredMessage, member: string): string | undefined {
  if (to === null) return undefined
  return author === member ? to : author
}
