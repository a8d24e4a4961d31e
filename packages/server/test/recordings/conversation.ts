/** What the recorded conversations consist of, and what of the server's words is compared. */

export interface Event {
  /** Milliseconds since the first event of the conversation, as well as the clocks of its actors agree. */
  at: number
  actor: string
  /** Counts the WebSockets of the actor. */
  conn: number
  opens?: Who & {
    single: boolean
    resumes?: string
    autoSubscribe: boolean
    adaptiveStream: boolean
    offer?: { id: number; sdp: string }
  }
  closes?: true
  /** A SignalRequest as protobuf JSON; SDPs as `sections` of trim.ts writes them. */
  says?: { case: string; value: unknown }
  hears?: Word
}

/** What the token says. */
export interface Who {
  identity: string
  name: string
  metadata: string
  attributes: Record<string, string>
  /** It may change how it is called and described. */
  describesItself: boolean
}

export interface Word {
  case: string
  value: Fields
}

/** A message as protobuf JSON, where what is absent has its default. */
export interface Fields {
  [key: string]: unknown
}

interface Person {
  identity: string
  state?: string
  name?: string
  metadata?: string
  attributes?: object
  tracks?: { sid: string; muted?: boolean }[]
}

/** Not compared: measured by the media engine, or said when the server likes. */
const ignored = [
  'trickle',
  'ping',
  'pingReq',
  'pong',
  'pongResp',
  'speakersChanged',
  'connectionQuality',
  'roomUpdate',
  'refreshToken',
  'streamStateUpdate',
  'subscribedQualityUpdate',
]

export const isCompared = (word: string) => !ignored.includes(word)

function people(list: unknown) {
  return ((list ?? []) as Person[]).map(({ identity, state = 'JOINING', name, metadata, attributes, tracks = [] }) => ({
    identity,
    state,
    name,
    metadata,
    attributes,
    tracks: tracks.map(({ sid, muted = false }) => ({ sid, muted })).sort((a, b) => (a.sid < b.sid ? -1 : 1)),
  }))
}

export function digest(word: string, message: Fields): Fields {
  if (word === 'join') return { participants: people(message.otherParticipants) }
  if (word === 'update') return { participants: people(message.participants) }
  if (word === 'trackPublished') return { cid: message.cid }
  if (word === 'answer' || word === 'offer') {
    return { id: message.id ?? 0, midToTrackId: message.midToTrackId ?? {} }
  }
  if (word === 'requestResponse') return { reason: message.reason ?? 'OK' }
  if (word === 'leave') return { reason: message.reason, action: message.action ?? 'DISCONNECT' }
  if (word === 'reconnect') return { lastMessageSeq: message.lastMessageSeq ?? 0 }
  return message
}
