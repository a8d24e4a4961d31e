/** The headless half of a room: one connection, a state that is reduced from events, an outbox. For browsers, terminals and bots. */
export { backOff, type WebSocketLike } from './connector.ts'
export { openEventStream } from './event-stream.ts'
export { everyMember } from './every-member.ts'
export { openRoom } from './open-room.ts'
export type { KeptMessage, Outbox } from './outbox.ts'
export type { Question, RoomClient, RoomOptions } from './room-client.ts'
export {
  type Connection,
  type Draft,
  initialState,
  type Past,
  type PendingMessage,
  type RoomEvent,
  type RoomState,
  type Thread,
  type Typist,
} from './room-state.ts'
export { reduce } from './state.ts'
export { type UploadOptions, uploadFile } from './upload-file.ts'
