import type { AudioLevel } from '../media/media-engine.ts'
import type { Call } from './call.ts'
import { type Turn, tell } from './effect.ts'
import type { Participant } from './participant.ts'
import { receivesFrom } from './subscribe.ts'

/** Levels are told in eighths, so that small changes of a voice do not make messages. */
const STEPS = 8

/** The engine measured new levels. Only microphones speak; a film that somebody shows does not. */
export function hearLevels(call: Call, turn: Turn, levels: AudioLevel[]): void {
  const heard = new Map<string, number>()
  for (const { track, level } of levels) {
    const speaker = speakerOf(call, track)
    if (speaker) heard.set(speaker, Math.max(heard.get(speaker) ?? 0, Math.ceil(Math.min(level, 1) * STEPS)))
  }
  tellChanges(
    call,
    turn,
    [...heard].filter(([speaker, steps]) => steps !== (call.speakers.get(speaker) ?? 0)),
  )
}

function speakerOf(call: Call, track: string): string | undefined {
  for (const participant of call.participants.values()) {
    const found = participant.tracks.get(track)
    if (found) return found.source === 'microphone' && !found.muted ? participant.sid : undefined
  }
  return undefined
}

/** A muted microphone is silent at once, without waiting for the engine to notice. */
export function stopSpeaking(call: Call, turn: Turn, participant: Participant): void {
  if (call.speakers.has(participant.sid)) tellChanges(call, turn, [[participant.sid, 0]])
}

/** A test client plays at speaking for a while. */
export function pretendToSpeak(call: Call, turn: Turn, participant: Participant, forMs: number): void {
  participant.pretendsUntil = turn.now + forMs
  tellChanges(call, turn, [[participant.sid, STEPS]])
}

export function endPretences(call: Call, turn: Turn): void {
  for (const participant of call.participants.values()) {
    if (participant.pretendsUntil === undefined || turn.now < participant.pretendsUntil) continue
    delete participant.pretendsUntil
    stopSpeaking(call, turn, participant)
  }
}

/** Who speaks and who does not, for somebody who may have missed it. */
export function tellLevels(call: Call, turn: Turn, receiver: Participant): void {
  const heard = [...call.participants.keys()].filter((sid) => isHeard(call, receiver, sid))
  const speakers = heard.map((participant) => ({ participant, level: (call.speakers.get(participant) ?? 0) / STEPS }))
  tell(turn, receiver, { type: 'speakersChanged', speakers })
}

export function forgetSpeaker(call: Call, sid: string): void {
  call.speakers.delete(sid)
}

/** Everybody hears of the speakers they receive and of themselves. */
function tellChanges(call: Call, turn: Turn, changes: [speaker: string, steps: number][]): void {
  if (changes.length === 0) return
  for (const [speaker, steps] of changes) {
    if (steps === 0) call.speakers.delete(speaker)
    else call.speakers.set(speaker, steps)
  }
  const speakers = changes.map(([participant, steps]) => ({ participant, level: steps / STEPS }))
  const all = { type: 'speakersChanged', speakers } as const
  for (const receiver of call.participants.values()) {
    const heard = speakers.filter(({ participant }) => isHeard(call, receiver, participant))
    if (heard.length === speakers.length) tell(turn, receiver, all)
    else if (heard.length > 0) tell(turn, receiver, { type: 'speakersChanged', speakers: heard })
  }
}

function isHeard(call: Call, receiver: Participant, speaker: string): boolean {
  if (receiver.sid === speaker) return true
  return call.participants.get(speaker)?.permissions.hidden === false && receivesFrom(receiver, speaker)
}
