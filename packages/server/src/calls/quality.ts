import type { Call } from './call.ts'
import { type Turn, tell } from './effect.ts'
import { QUALITY_INTERVAL_MS } from './limits.ts'
import type { ConnectionQuality, TransportState } from './participant.ts'
import { publishersFor } from './subscribe.ts'

/**
 * Nobody is called lost: a client that hears so of itself starts all over, and who really is lost leaves the call by
 * other ways.
 */
const grades: readonly { quality: ConnectionQuality; lossPercent: number; rttMs: number; score: number }[] = [
  { quality: 'excellent', lossPercent: 2, rttMs: 300, score: 4.5 },
  { quality: 'good', lossPercent: 8, rttMs: 700, score: 3.5 },
  { quality: 'poor', lossPercent: Number.POSITIVE_INFINITY, rttMs: Number.POSITIVE_INFINITY, score: 2 },
]

function gradeOf(transports: TransportState[]): (typeof grades)[number] {
  const loss = Math.max(0, ...transports.map((transport) => transport.lossPercent))
  const rtt = Math.max(0, ...transports.map((transport) => transport.rttMs))
  return grades.find((grade) => loss < grade.lossPercent && rtt < grade.rttMs) ?? (grades[2] as (typeof grades)[number])
}

/** Every few seconds everybody hears how the lines of those they receive are, when any of them changed. */
export function reportQuality(call: Call, turn: Turn): void {
  if (turn.now < call.nextQualityAt) return
  call.nextQualityAt = turn.now + QUALITY_INTERVAL_MS
  const active = [...call.participants.values()].filter((participant) => participant.state === 'active')
  const graded = new Map<string, (typeof grades)[number]>()
  for (const participant of active) {
    graded.set(participant.sid, gradeOf([participant.publisher, participant.subscriber]))
  }
  for (const receiver of active) {
    // By what each receives: in a large room that is far less than everybody.
    const sids = [...publishersFor(receiver)].filter((sid) => call.participants.get(sid)?.permissions.hidden === false)
    const qualities = [receiver.sid, ...sids].sort().flatMap((participant) => {
      const grade = graded.get(participant)
      return grade ? [{ participant, quality: grade.quality, score: grade.score }] : []
    })
    // Who begins to receive somebody hears of that line as well, though it is as before.
    const key = qualities.map(({ participant, quality }) => `${participant} ${quality}`).join()
    if (receiver.qualitiesTold === key) continue
    receiver.qualitiesTold = key
    tell(turn, receiver, { type: 'qualityChanged', qualities })
  }
}
