/** Mishaps that a client asks for to try itself out. They hit nobody else. */
import type { Call } from './call.ts'
import { command, type Turn } from './effect.ts'
import { depart, dismiss } from './leave.ts'
import { TCP_ONLY_MS } from './limits.ts'
import type { Participant } from './participant.ts'
import { pretendToSpeak } from './speakers.ts'

export type Mishap =
  | { kind: 'speaking'; forMs: number }
  /** As if this server had been restarted: the connection ends without a word and nothing is known of the participant. */
  | { kind: 'forgotten' }
  | { kind: 'shutdown' }
  /** The next attempt to go on breaks too: before its first word, or after its last. */
  | { kind: 'brokenResume'; when: 'early' | 'late' }
  /** Whether it is as if datagrams did not get through from now on. The client joins anew by itself. */
  | { kind: 'datagramsBlocked'; blocked: boolean }
  /** Its line is taken to carry no more than this for what it receives, in bit/s; 0: as much as is measured. */
  | { kind: 'narrowLine'; bitrate: number }

export function simulate(call: Call, turn: Turn, participant: Participant, mishap: Mishap): void {
  switch (mishap.kind) {
    case 'speaking':
      pretendToSpeak(call, turn, participant, mishap.forMs)
      break
    case 'forgotten':
      turn.effects.push({ type: 'disconnect', participant: participant.sid })
      depart(call, turn, participant, 'stateMismatch')
      break
    case 'shutdown':
      dismiss(call, turn, participant, 'serverShutdown')
      break
    case 'brokenResume':
      participant.breaksNextResume = mishap.when
      break
    case 'datagramsBlocked':
      blockDatagrams(call, turn, participant, mishap.blocked)
      break
    case 'narrowLine':
      command(turn, { type: 'assumeCapacity', transport: participant.subscriber.id, bitrate: mishap.bitrate })
  }
}

function blockDatagrams({ tcpOnly }: Call, { now }: Turn, { identity }: Participant, blocked: boolean): void {
  for (const [known, until] of tcpOnly) if (until <= now) tcpOnly.delete(known)
  if (blocked) tcpOnly.set(identity, now + TCP_ONLY_MS)
  else tcpOnly.delete(identity)
}

/** Whether who joins now is to be reached by TCP alone. */
export function isTcpOnly({ tcpOnly }: Call, { now }: Turn, identity: string): boolean {
  return (tcpOnly.get(identity) ?? 0) > now
}
