/** The room socket's wire: requests, replies, events, errors, limits and the stored form of names. Imports nothing of ours. */
export { check, parseRecord } from './check.ts'
export { type ReadRequest, readReply, readRequest, readServerMessage } from './codec.ts'
export {
  type Announcement,
  announcementSchema,
  type Change,
  type Entry,
  type FileInfo,
  isLine,
  type KnownEntry,
  type Line,
  type Member,
  type Message,
  type Poll,
  type Quote,
  type Reaction,
  type Retention,
} from './entries.ts'
export { AppError, type ErrorCode, errors, type Problem } from './errors.ts'
export { createId, type RandomBytes } from './ids.ts'
export { closeCodes, limits } from './limits.ts'
export { findMentions, type Mention } from './mentions.ts'
export type { CallPerson, ReadMark, ServerMessage, Welcome } from './messages.ts'
export {
  nameKey,
  readEmoji,
  readFileName,
  readName,
  readPollOptions,
  readRoomName,
  readText,
  readTopic,
} from './names.ts'
export {
  type Asked,
  type Hit,
  type Page,
  protocolVersion,
  type ReplyTo,
  type Request,
  type Session,
  type Ticket,
  type Unread,
} from './requests.ts'
