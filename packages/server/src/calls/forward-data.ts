import { type Call, othersOf } from './call.ts'
import { command, type Turn } from './effect.ts'
import { MAX_HELD_DATA_BYTES, MAX_NONCES, NONCE_MS } from './limits.ts'
import { isSignalLost, type Participant } from './participant.ts'
import { hearRpcAnswer, type RpcAnswer } from './pending-rpcs.ts'

/** A data packet as far as the call needs to understand it. */
export interface DataEnvelope {
  /** Grows with each reliable packet of a sender; 0 where it does not count. */
  sequence: number
  /** Empty: everybody. */
  identities: string[]
  sids: string[]
  purpose: 'any' | 'transcription' | 'metrics'
  /** What it says of a remote procedure, where it is an answer. */
  rpcAnswer: RpcAnswer | undefined
  /** The packet as it goes out, with the sender written in by us, whatever it claimed itself. */
  seal(sender: { sid: string; identity: string; mayNameOthers: boolean } | undefined, reliable: boolean): Uint8Array
}

/** A participant's packet goes to those it is meant for, and never back to itself. */
export function forwardData(
  call: Call,
  turn: Turn,
  sender: Participant,
  reliable: boolean,
  envelope: DataEnvelope,
): void {
  if (!sender.permissions.canPublishData) return
  if (envelope.purpose === 'transcription' && sender.kind !== 'agent') return
  if (reliable && envelope.sequence > 0) {
    if (envelope.sequence <= sender.lastSequence) return
    sender.lastSequence = envelope.sequence
  }
  if (envelope.rpcAnswer && hearRpcAnswer(call, turn, sender, envelope.rpcAnswer)) return
  const { hidden } = sender.permissions
  const { sid, identity } = hidden ? { sid: '', identity: '' } : sender
  deliver(turn, recipientsOf(othersOf(call, sender), envelope), reliable, () =>
    envelope.seal({ sid, identity, mayNameOthers: sender.kind === 'agent' }, reliable),
  )
}

/**
 * The server itself says something, on behalf of whoever holds the API key. `nonce` marks it: whoever got no answer may
 * ask again, and it is still said once. Empty means that it is not marked.
 */
export function sendServerData(
  call: Call,
  turn: Turn,
  { reliable, envelope, nonce }: { reliable: boolean; envelope: DataEnvelope; nonce: string },
): void {
  if (nonce !== '' && !isFirst(call, nonce, turn.now)) return
  deliver(turn, recipientsOf([...call.participants.values()], envelope), reliable, () =>
    envelope.seal(undefined, reliable),
  )
}

function isFirst({ nonces }: Call, nonce: string, now: number): boolean {
  for (const [known, saidAt] of nonces) {
    if (nonces.size < MAX_NONCES && now - saidAt < NONCE_MS) break
    nonces.delete(known)
  }
  if (nonces.has(nonce)) return false
  nonces.set(nonce, now)
  return true
}

function recipientsOf(candidates: Participant[], envelope: DataEnvelope): Participant[] {
  const { identities, sids, purpose } = envelope
  const isForAll = identities.length === 0 && sids.length === 0
  return candidates.filter((candidate) => {
    if (purpose === 'metrics' && !candidate.permissions.canSubscribeMetrics) return false
    return isForAll || identities.includes(candidate.identity) || sids.includes(candidate.sid)
  })
}

export function deliver(turn: Turn, recipients: Participant[], reliable: boolean, seal: () => Uint8Array): void {
  if (recipients.length === 0) return
  const payload = seal()
  const transports: number[] = []
  for (const recipient of recipients) {
    if (recipient.subscriber.connected) transports.push(recipient.subscriber.id)
    else if (reliable && !isSignalLost(recipient)) hold(recipient, payload)
  }
  if (transports.length > 0) command(turn, { type: 'sendData', transports, reliable, payload })
}

/** Reliable data for somebody who is still connecting is kept, the oldest given up first. */
function hold(recipient: Participant, payload: Uint8Array): void {
  recipient.heldData.push({ payload })
  recipient.heldBytes += payload.length
  while (recipient.heldBytes > MAX_HELD_DATA_BYTES) {
    recipient.heldBytes -= recipient.heldData.shift()?.payload.length ?? 0
  }
}

/** The way to the recipient is open. */
export function releaseHeldData(turn: Turn, recipient: Participant): void {
  for (const { payload } of recipient.heldData) {
    command(turn, { type: 'sendData', transports: [recipient.subscriber.id], reliable: true, payload })
  }
  recipient.heldData = []
  recipient.heldBytes = 0
}
