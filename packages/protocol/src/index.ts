/** The room socket's wire: requests, events, errors, limits and the stored form of names. Imports nothing of ours. */
export { readRequest, readServerMessage } from './codec.ts'
export { AppError, type ErrorCode, errors, type Problem } from './errors.ts'
export { createId, type RandomBytes } from './ids.ts'
export { closeCodes, limits } from './limits.ts'
export {
  type CallPerson,
  type Entry,
  type Member,
  protocolVersion,
  type Reply,
  type Request,
  type ServerMessage,
  type Ticket,
  type Welcome,
} from './messages.ts'
export { nameKey, readName, readRoomName, readText } from './names.ts'
