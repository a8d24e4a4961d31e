/** What a room accepts. Lengths count code points after normalisation, so an emoji or a Hangul syllable is one or few. */
export const limits = {
  /** Longest message. */
  text: 4000,
  /** Longest nickname. */
  name: 40,
  /** Longest room name. */
  room: 64,
  /** Most people at once in one room. */
  people: 500,
  /** Most entries in one page of history. */
  page: 100,
  /** Entries sent to a newcomer. */
  firstPage: 50,
  /** Entries a returning connection may have missed and still get one by one; with more it starts over with a first page. */
  resume: 500,
  /** Longest id a client gives its own message. */
  clientId: 64,
  /** Largest frame a client may send, in bytes. */
  frameBytes: 65_536,
} as const

/** WebSocket close codes of the room socket. */
export const closeCodes = {
  /** The client said something that cannot be continued from; the error frame before it tells what. */
  refused: 4000,
  /** The same member came back on another connection. Do not reconnect by yourself. */
  replaced: 4001,
  /** The connection took its events too slowly. Reconnect with the cursor. */
  tooSlow: 4002,
  /** No hello within ten seconds. */
  noHello: 4003,
  /** The server ends; reconnect. */
  goingAway: 1001,
} as const
