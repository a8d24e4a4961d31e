/** The room socket's wire: requests, replies, events, errors, limits and the stored form of names. Imports nothing of ours. */
export { check, parseRecord } from './check.ts'
export { type ReadRequest, readId, readReply, readRequest, readServerMessage } from './codec.ts'
export {
  type Announcement,
  announcementSchema,
  type Change,
  count,
  type Entry,
  entrySchema,
  type FileInfo,
  fileSchema,
  isLine,
  type KnownEntry,
  type Line,
  type Member,
  type Message,
  memberSchema,
  messageSchema,
  type Poll,
  type Quote,
  type Reaction,
  type Retention,
  seq,
} from './entries.ts'
export { AppError, type ErrorCode, errors, type Problem } from './errors.ts'
export { createId, type RandomBytes } from './ids.ts'
export { closeCodes, limits, protocolVersion } from './limits.ts'
export { splitLinks, type TextPart } from './links.ts'
export { callsOn, findMentions, keysIn, type Mention, readAddressee } from './mentions.ts'
export { type CallPerson, type ReadMark, roomSchema, type ServerMessage, type Welcome } from './messages.ts'
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
  type Bot,
  type BotDraft,
  botDraftSchema,
  botSchema,
  type Hook,
  hookDraftSchema,
  hookSchema,
  type Right,
  rightSchema,
} from './programs.ts'
export {
  type Hit,
  type Page,
  type ReplyTo,
  replySchemas,
  type Session,
  type Ticket,
  type Unread,
  unreadSchema,
} from './replies.ts'
export { type Asked, askedSchemas, type Request } from './requests.ts'
