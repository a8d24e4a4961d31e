import { SignalRequest, SignalResponse } from '@livekit/protocol'

export type SignalReply = Exclude<SignalResponse['message'], { case: undefined }>
export type SignalAsk = SignalRequest['message']

/** Undefined for bytes that are no request. A request of a kind this server does not know has no case. */
export function decodeRequest(frame: Uint8Array): SignalAsk | undefined {
  try {
    return SignalRequest.fromBinary(frame).message
  } catch {
    return undefined
  }
}

export function encodeReply(message: SignalReply): Uint8Array {
  return new SignalResponse({ message }).toBinary()
}
