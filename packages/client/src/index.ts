/** The headless half of a room: one connection, a state that is reduced from events, an outbox. For browsers, terminals and bots. */
export { openRoom, type RoomClient, type RoomOptions, type WebSocketLike } from './open-room.ts'
export {
  type Connection,
  initialState,
  type PendingMessage,
  type RoomEvent,
  type RoomState,
  reduce,
} from './state.ts'
