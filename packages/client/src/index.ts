/** The headless half of a room: one connection, a state that is reduced from events, an outbox. For browsers, terminals and bots. */
export type { WebSocketLike } from './connector.ts'
export { openRoom, type RoomClient, type RoomOptions } from './open-room.ts'
export {
  type Connection,
  initialState,
  type PendingMessage,
  type RoomEvent,
  type RoomState,
  reduce,
} from './state.ts'
