import { AppError, type FileInfo, type Member, type Poll, type Quote, readPollOptions, readText } from '@maru/protocol'
import { type Actor, type RoomContext, refusable } from '../rooms/append-entry.ts'
import { excerpt } from '../storage/entry-rows.ts'
import { EVERYONE } from '../storage/memberships.ts'
import type { StoredTables } from '../storage/open-storage.ts'
import { findCalls } from './find-calls.ts'
import { findMessage } from './find-message.ts'
import { hideEarlier } from './hide-earlier.ts'

export interface Draft {
  clientId: string
  text: string
  /** For this member alone. */
  to?: string | undefined
  replyTo?: number | undefined
  action?: boolean | undefined
  files?: string[] | undefined
  poll?: { options: string[]; multiple?: boolean | undefined } | undefined
}

/**
 * Stores a message and tells who may read it. Answers when it is durable. What a member sends twice under one `clientId` is stored once; the
 * second answer is the first one's.
 * @throws text_empty, text_too_long, poll_bad, message_gone, member_unknown, file_gone, file_incomplete, file_used, storage_unavailable
 */
export async function sendMessage(
  { storage, bus }: RoomContext,
  { room, member }: Actor,
  draft: Draft,
): Promise<{ seq: number; at: number }> {
  const { clientId, action } = draft
  const fileIds = [...new Set(draft.files)]
  const text = readText(draft.text, { mayBeEmpty: fileIds.length > 0 })
  const poll = readPoll(draft.poll)
  const outcome = await storage.write(
    (tables) => {
      const roomId = tables.rooms.ensure(room)
      const stored =
        tables.entries.findByClientId(roomId, member.id, clientId) ?? tables.sent.find(roomId, member.id, clientId)
      if (stored) return { entry: stored }
      return refusable(() => {
        const place = placeOf(tables, roomId, member.id, draft)
        const files = fileIds.map((id) => findFile(tables, roomId, member.id, id))
        const calls = findCalls(tables, roomId, text, place.to)
        const logged = tables.entries.append(roomId, {
          kind: 'message',
          member: member.id,
          name: member.name,
          clientId,
          text,
          ...calls,
          ...place,
          ...(action && { action }),
          ...(poll && { poll }),
          ...(files.length > 0 && { files }),
        })
        for (const id of fileIds) tables.files.attach(id, logged.entry.seq)
        const called = [...(calls.mentions ?? []), ...(calls.everyone ? [EVERYONE] : [])]
        for (const each of called) if (each !== member.id) tables.memberships.addMention(roomId, each, logged.entry.seq)
        return place.replyTo ? hideEarlier(tables, roomId, logged, place.replyTo.seq) : logged
      })
    },
    (logged) => {
      if ('prev' in logged) bus.publish({ type: 'entryAdded', room, ...logged })
    },
  )
  if (outcome instanceof AppError) throw outcome
  return { seq: outcome.entry.seq, at: outcome.entry.at }
}

interface Place {
  to?: Member
  replyTo?: Quote
  root?: number
}

/** To whom it goes and what it answers. An answer to something private stays between the same two. */
function placeOf(tables: StoredTables, roomId: number, member: string, draft: Draft): Place {
  const answered = draft.replyTo === undefined ? undefined : findMessage(tables, roomId, member, draft.replyTo)
  const isPrivate = answered !== undefined && answered.to !== null
  const recipient = isPrivate ? (answered.member === member ? answered.to : answered.member) : draft.to
  const to = recipient == null ? undefined : tables.memberships.find(roomId, recipient)?.member
  if (recipient != null && (!to || to.id === member)) throw new AppError('member_unknown', undefined, { field: 'to' })
  if (!answered) return to ? { to: { id: to.id, name: to.name } } : {}
  const { seq, member: author, name, text } = answered
  // What one of everybody's threads holds, everybody can read.
  const root = to && !isPrivate ? undefined : (answered.root ?? seq)
  return {
    ...(to && { to: { id: to.id, name: to.name } }),
    replyTo: { seq, member: author, name, text: excerpt(text) },
    ...(root !== undefined && { root }),
  }
}

/** An upload of one's own that is whole and belongs to no message yet. */
function findFile({ files }: StoredTables, roomId: number, member: string, id: string): FileInfo {
  const file = files.find(id)
  const problem = (code: 'file_gone' | 'file_used' | 'file_incomplete') =>
    new AppError(code, undefined, { field: 'files' })
  if (!file || file.roomId !== roomId || file.member !== member) throw problem('file_gone')
  if (file.seq !== undefined) throw problem('file_used')
  if (file.hash === undefined) throw problem('file_incomplete')
  return file.info
}

function readPoll(raw: Draft['poll']): Poll | undefined {
  if (!raw) return undefined
  const options = readPollOptions(raw.options)
  return { options, ...(raw.multiple && { multiple: true }), votes: options.map(() => []) }
}
