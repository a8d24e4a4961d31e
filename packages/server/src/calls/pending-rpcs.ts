/**
 * Remote procedures that the server has called and that are under way, and how they end. Source: the RPC of LiveKit's clients (version 1) and the
 * codes of its errors.
 */
import type { Call } from './call.ts'
import type { Turn } from './effect.ts'
import type { Participant } from './participant.ts'

interface RpcError {
  code: number
  message: string
  data: string
}

export type RpcResult = { type: 'done'; payload: string } | ({ type: 'failed' } & RpcError)

/** What a participant says of a call; `acknowledged`: it has begun. */
export type RpcAnswer = { id: string } & ({ type: 'acknowledged' } | RpcResult)

/** One that is under way. */
export interface PendingRpc {
  participant: string
  /** Who was called has said so. */
  begun: boolean
}

/** What may take too long. */
export type RpcStage = 'begin' | 'end'

const failures = {
  connectionTimeout: { code: 1501, message: 'Connection timeout' },
  responseTimeout: { code: 1502, message: 'Response timeout' },
  recipientDisconnected: { code: 1503, message: 'Recipient disconnected' },
}

/** Whether the answer was one to the server. */
export function hearRpcAnswer(call: Call, turn: Turn, sender: Participant, { id, ...answer }: RpcAnswer): boolean {
  const pending = call.rpcs.get(id)
  if (pending?.participant !== sender.sid) return false
  if (answer.type === 'acknowledged') pending.begun = true
  else end(call, turn, id, answer)
  return true
}

/** Who has left answers no more. */
export function failRpcsOf(call: Call, turn: Turn, participant: Participant): void {
  for (const [id, pending] of call.rpcs) {
    if (pending.participant === participant.sid) fail(call, turn, id, 'recipientDisconnected')
  }
}

/** The time for it is over. */
export function expireRpc(call: Call, turn: Turn, id: string, stage: RpcStage): void {
  const pending = call.rpcs.get(id)
  if (!pending) return
  if (stage === 'end') fail(call, turn, id, 'responseTimeout')
  else if (!pending.begun) fail(call, turn, id, 'connectionTimeout')
}

function fail(call: Call, turn: Turn, id: string, reason: keyof typeof failures): void {
  end(call, turn, id, { type: 'failed', ...failures[reason], data: '' })
}

function end(call: Call, turn: Turn, id: string, result: RpcResult): void {
  call.rpcs.delete(id)
  turn.effects.push({ type: 'rpcEnded', id, result })
}
