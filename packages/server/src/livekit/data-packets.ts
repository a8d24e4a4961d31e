import { DataPacket, DataPacket_Kind, RpcRequest, UserPacket } from '@livekit/protocol'
import type { DataEnvelope } from '../calls/forward-data.ts'

/** Whole in one packet, which every client answers. */
const RPC_VERSION = 1

/** Undefined for bytes that are no data packet. */
export function readDataPacket(payload: Uint8Array): DataEnvelope | undefined {
  try {
    return envelopeOf(DataPacket.fromBinary(payload))
  } catch {
    return undefined
  }
}

/** A packet of the server's own, for the room service. */
export function createServerPacket(user: {
  payload: Uint8Array
  topic: string | undefined
  nonce: Uint8Array
  identities: string[]
  sids: string[]
}): DataEnvelope {
  const { payload, topic, nonce, identities, sids } = user
  const value = new UserPacket({ payload, nonce, destinationIdentities: identities, destinationSids: sids })
  if (topic !== undefined) value.topic = topic
  return envelopeOf(new DataPacket({ destinationIdentities: identities, value: { case: 'user', value } }))
}

/** A remote procedure that the server calls. */
export function createRpcPacket(rpc: { id: string; method: string; payload: string; timeoutMs: number }): DataEnvelope {
  const { timeoutMs: responseTimeoutMs, ...rest } = rpc
  const value = new RpcRequest({ ...rest, responseTimeoutMs, version: RPC_VERSION })
  return envelopeOf(new DataPacket({ value: { case: 'rpcRequest', value } }))
}

function envelopeOf(packet: DataPacket): DataEnvelope {
  const user = packet.value.case === 'user' ? packet.value.value : undefined
  const inner = user?.destinationIdentities ?? []
  const identities = packet.destinationIdentities.length > 0 ? packet.destinationIdentities : inner
  return {
    sequence: packet.sequence,
    identities,
    sids: user?.destinationSids ?? [],
    purpose: purposeOf(packet),
    rpcAnswer: rpcAnswerOf(packet),
    seal: (sender, reliable) => {
      packet.kind = reliable ? DataPacket_Kind.RELIABLE : DataPacket_Kind.LOSSY
      packet.participantSid = sender?.sid ?? ''
      if (!sender?.mayNameOthers || packet.participantIdentity === '')
        packet.participantIdentity = sender?.identity ?? ''
      packet.destinationIdentities = identities
      if (user) {
        // Older clients read the sender and the receivers inside.
        user.participantSid = packet.participantSid
        user.participantIdentity = packet.participantIdentity
        user.destinationIdentities = identities
      }
      return packet.toBinary()
    },
  }
}

function rpcAnswerOf({ value: { case: kind, value } }: DataPacket): DataEnvelope['rpcAnswer'] {
  if (kind === 'rpcAck') return { type: 'acknowledged', id: value.requestId }
  if (kind !== 'rpcResponse') return undefined
  const { requestId: id, value: result } = value
  if (result.case === 'error') {
    const { code, message, data } = result.value
    return { type: 'failed', id, code, message, data }
  }
  return { type: 'done', id, payload: result.case === 'payload' ? result.value : '' }
}

function purposeOf(packet: DataPacket): DataEnvelope['purpose'] {
  if (packet.value.case === 'transcription' || packet.value.case === 'metrics') return packet.value.case
  return 'any'
}
