/** The version of the room socket both sides name in their first frame. */
export const protocolVersion = 1

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
  /** Members in one answer. */
  members: 1_000,
  /** Entries sent to a newcomer. */
  firstPage: 50,
  /** Entries a returning connection may have missed and still get one by one; with more it starts over with a first page. */
  resume: 500,
  /** Longest id a client gives its own message. */
  clientId: 64,
  /** Longest topic of a room. */
  topic: 250,
  /** Longest beginning of a message that stands above an answer to it. */
  quote: 160,
  /** Longest emoji: a family with skin tones has some twenty UTF-16 units, a flag of a region fourteen. */
  emoji: 40,
  /** Most different emoji on one message. */
  reactions: 20,
  /** Most options of a poll. */
  pollOptions: 20,
  /** Longest option of a poll. */
  pollOption: 200,
  /** Most pinned messages in a room. */
  pins: 50,
  /** Most members that one message calls by name. */
  mentions: 50,
  /** Most files of one message. */
  files: 10,
  /** Longest name of a file. */
  fileName: 200,
  /** Largest file, in bytes, where the server says nothing else. */
  fileBytes: 100_000_000,
  /** Longest blur placeholder, in base64. */
  blur: 64,
  /** Longest search. */
  query: 200,
  /** Longest time a room may keep what was said, in days, short of for ever. */
  retentionDays: 3_650,
  /** Unread messages are counted up to here. */
  unread: 1_000,
  /** Most sessions of one member; one more ends the one that was seen least lately. */
  sessions: 20,
  /** How long a code for another device is good, in ms. */
  transferMs: 300_000,
  /** How long somebody counts as typing after saying so, in ms. */
  typingMs: 6_000,
  /** Most bots and most webhooks of one room. */
  bots: 50,
  hooks: 10,
  /** Longest address of a webhook. */
  hookUrl: 500,
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
  /** The session of this connection was ended; its token is worth nothing any more. */
  ended: 4004,
  /** No hello within ten seconds. */
  noHello: 4003,
  /** The server ends; reconnect. */
  goingAway: 1001,
} as const
