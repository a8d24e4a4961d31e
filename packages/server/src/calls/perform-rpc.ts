import type { Call } from './call.ts'
import type { Turn } from './effect.ts'
import { type DataEnvelope, deliver } from './forward-data.ts'
import { MAX_RPCS, RPC_ACK_MS } from './limits.ts'
import type { Participant } from './participant.ts'
import { CallRefusal } from './refusal.ts'

export interface RpcRequest {
  id: string
  timeoutMs: number
  envelope: DataEnvelope
}

/**
 * The server calls a procedure of a participant, for whoever holds the API key. The caller goes by the id of the call, so that answers name it.
 * @throws CallRefusal
 */
export function performRpc(call: Call, turn: Turn, participant: Participant, request: RpcRequest): void {
  const { id, timeoutMs, envelope } = request
  if (call.rpcs.size >= MAX_RPCS) throw new CallRefusal('full', 'too many remote procedures are under way')
  call.rpcs.set(id, { participant: participant.sid, begun: false })
  turn.effects.push({ type: 'rpcBegan', id, deadlines: { begin: RPC_ACK_MS, end: timeoutMs } })
  deliver(turn, [participant], true, () => envelope.seal({ sid: '', identity: id, mayNameOthers: false }, true))
}
