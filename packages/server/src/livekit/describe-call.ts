import { Codec, Room } from '@livekit/protocol'
import type { CallSnapshot } from '../calls/call.ts'

/** The codecs that clients may publish with, the preferred first. */
export const publishCodecs = ['video/VP8', 'video/H264', 'video/VP9', 'video/AV1', 'audio/opus', 'audio/red']

export function describeRoom(call: CallSnapshot): Room {
  return new Room({
    sid: call.sid,
    name: call.name,
    metadata: call.metadata,
    emptyTimeout: call.emptyTimeoutS,
    departureTimeout: call.departureTimeoutS,
    maxParticipants: call.maxParticipants,
    creationTime: BigInt(Math.floor(call.createdAt / 1000)),
    creationTimeMs: BigInt(call.createdAt),
    numParticipants: call.participants,
    numPublishers: call.publishers,
    activeRecording: call.recorded,
    enabledCodecs: [...publishCodecs, 'video/rtx'].map((mime) => new Codec({ mime })),
  })
}
