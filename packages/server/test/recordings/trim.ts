// Makes the conversations of this folder out of recordings of LiveKit's server with its own clients: `node trim.ts FROM NAME...`
// README.md says what is kept.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digest, type Event, type Fields, isCompared, type Who } from './conversation.ts'

interface Recorded {
  t: number
  type: string
  conn: number
  dir?: string
  case?: string
  by?: string
  label?: string
  status?: number
  path?: string
  query?: Record<string, string> & { join_request?: { joinRequest: Packed } }
  message?: Record<string, Fields>
}

interface Packed {
  connectionSettings?: { autoSubscribe?: boolean; adaptiveStream?: boolean }
  publisherOffer?: { id?: number; sdp: string }
  reconnect?: boolean
  participantSid?: string
}

interface Recording {
  actors: Record<string, { signal: Recorded[] }>
}

/** What matters of a client's SDP: `MID KIND` of each section, and of those it sends on also `> TRACK RID,RID`. */
function sections(sdp: string): string {
  const of = (section: string, pattern: RegExp) => pattern.exec(section)?.[1] ?? ''
  const media = sdp.split(/^(?=m=)/m).filter((section) => /^m=(audio|video)/.test(section))
  const texts = media.map((section) => {
    const rids = [...section.matchAll(/^a=rid:(\S+) send/gm)].map(([, rid]) => rid)
    const sends = /^a=(sendonly|sendrecv)/m.test(section)
    const about = `${of(section, /^a=mid:(\S+)/m)} ${of(section, /^m=(\w+)/)}`
    return sends ? `${about} > ${of(section, /^a=msid:\S+ (\S+)/m)} ${rids}` : about
  })
  return texts.join('; ')
}

interface Joined {
  sid: string
  identity: string
  joinedAtMs: string
  name?: string
  metadata?: string
  attributes?: Record<string, string>
  permission?: { canUpdateMetadata?: boolean }
}

const joinOf = ({ message }: Recorded) => message?.join?.participant as Joined

/** Sids become labels, which mean the same in every run: who published it, and the client's own id of the track. */
function labels({ actors }: Recording): Map<string, string> {
  const known = new Map<string, string>()
  for (const { signal } of Object.values(actors)) {
    let identity = ''
    for (const each of signal) {
      if (each.case === 'join') {
        identity = joinOf(each).identity
        known.set(joinOf(each).sid, `PA:${identity}`)
      }
      if (each.case !== 'trackPublished') continue
      const { cid, track } = (each.message?.trackPublished ?? {}) as { cid?: string; track?: { sid: string } }
      if (track) known.set(track.sid, `TR:${identity}:${cid}`)
    }
  }
  return known
}

function opened({ query = {}, path }: Recorded): Omit<NonNullable<Event['opens']>, keyof Who> {
  const packed = query.join_request?.joinRequest
  if (!packed) {
    const { reconnect, sid = '', auto_subscribe, adaptive_stream } = query
    const wishes = { autoSubscribe: auto_subscribe !== '0', adaptiveStream: adaptive_stream === '1' }
    return { single: false, ...(reconnect && { resumes: sid }), ...wishes }
  }
  const { connectionSettings: { autoSubscribe = false, adaptiveStream = false } = {}, publisherOffer } = packed
  return {
    single: path === '/rtc/v1',
    ...(packed.reconnect && { resumes: packed.participantSid ?? '' }),
    autoSubscribe,
    adaptiveStream,
    ...(publisherOffer && { offer: { id: publisherOffer.id ?? 0, sdp: sections(publisherOffer.sdp) } }),
  }
}

function said(word: string, message: Fields): Fields {
  if (word === 'answer') return { id: message.id ?? 0, sdp: '' }
  if (word === 'offer') return { id: message.id ?? 0, sdp: sections(String(message.sdp)) }
  if (word !== 'syncState') return message
  const { offer, answer, ...rest } = message
  return rest
}

function whoOf(joined: Recorded): Who {
  const { identity, permission, name = '', metadata = '', attributes = {} } = joinOf(joined)
  return { identity, name, metadata, attributes, describesItself: permission?.canUpdateMetadata ?? false }
}

function eventsOf(actor: string, signal: Recorded[]): Event[] {
  const first = signal.find((each) => each.case === 'join')
  if (!first) throw new Error(`${actor} never joins`)
  const { joinedAtMs } = joinOf(first)
  const joins = signal.filter((each) => each.case === 'join')
  const accepted = signal.filter((each) => each.type === 'ws-upgrade-response' && each.status === 101)
  const conns = new Set(accepted.map((each) => each.conn))
  return signal.flatMap((each): Event[] => {
    const base = { at: Number(joinedAtMs) - first.t + each.t, actor, conn: each.conn }
    if (!conns.has(each.conn)) return []
    if (each.type === 'ws-upgrade')
      return [
        { ...base, opens: { ...whoOf(joins.findLast(({ conn }) => conn <= each.conn) ?? first), ...opened(each) } },
      ]
    if (each.type === 'ws-close' && each.by === 'client') return [{ ...base, closes: true }]
    const word = each.case ?? ''
    const message = each.message?.[word]
    if (each.type !== 'signal' || !message || !isCompared(word)) return []
    if (each.dir === 'c2s') return [{ ...base, says: { case: word, value: said(word, message) } }]
    return [{ ...base, hears: { case: word, value: digest(word, message) } }]
  })
}

/** How far the clocks of two actors may differ. */
const SLACK_MS = 150

/** What the server API did is not in the recording, so that what follows it cannot be held again. */
function untilApi({ actors }: Recording): number {
  const times = Object.values(actors).flatMap(({ signal }) => {
    const first = signal.find((each) => each.case === 'join')
    const api = signal.find((each) => each.type === 'mark' && /API/.test(each.label ?? ''))
    return first && api ? [Number(joinOf(first).joinedAtMs) - first.t + api.t - SLACK_MS] : []
  })
  return Math.min(...times)
}

const [from = '', ...names] = process.argv.slice(2)
for (const name of names) {
  const recording: Recording = JSON.parse(readFileSync(join(from, `${name}.json`), 'utf8'))
  const known = labels(recording)
  const events = Object.entries(recording.actors).flatMap(([actor, { signal }]) => eventsOf(actor, signal))
  events.sort((a, b) => a.at - b.at)
  const begin = events[0]?.at ?? 0
  const kept = events.filter(({ at }) => at < untilApi(recording))
  const lines = kept.map((event) => {
    const text = JSON.stringify({ ...event, at: Math.round(event.at - begin) })
    return text.replace(/\b(TR|PA)_\w+/g, (sid) => known.get(sid) ?? sid)
  })
  writeFileSync(join(import.meta.dirname, `${name}.jsonl`), `${lines.join('\n')}\n`)
}
