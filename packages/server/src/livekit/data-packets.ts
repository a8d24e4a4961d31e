import { DataPacket, DataPacket_Kind, UserPacket } from '@livekit/protocol'
import type { DataEnvelope } from '../calls/forward-data.ts'

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

function envelopeOf(packet: DataPacket): DataEnvelope {
  const user = packet.value.case === 'user' ? packet.value.value : undefined
  const inner = user?.destinationIdentities ?? []
  const identities = packet.destinationIdentities.length > 0 ? packet.destinationIdentities : inner
  return {
    sequence: packet.sequence,
    identities,
    sids: user?.destinationSids ?? [],
    purpose: purposeOf(packet),
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

function purposeOf(packet: DataPacket): DataEnvelope['purpose'] {
  if (packet.value.case === 'transcription' || packet.value.case === 'metrics') return packet.value.case
  return 'any'
}
