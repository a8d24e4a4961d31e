/**
 * What happens in calls, told to programs as LiveKit tells it: a POST of a `WebhookEvent` in JSON, with a token in `Authorization` (without `Bearer`)
 * whose claim `sha256` is that of the body. Source: LiveKit's protocol, `livekit_webhook.proto`; seen of livekit-server 1.13.5.
 */
import { ParticipantInfo, RoomEndReason, WebhookEvent } from '@livekit/protocol'
import type { CallSnapshot } from '../calls/call.ts'
import type { CallEvent } from '../calls/effect.ts'
import { newSid, type Random } from '../calls/sid.ts'
import { describeRoom } from './describe-call.ts'
import { describeParticipant, describeTrack } from './describe-participant.ts'

export interface WebhookParts {
  /** Carries the body to every receiver, those of one room in order. */
  send(room: string, body: string): void
  now: () => number
  random: Random
}

const names: Record<CallEvent['type'], string> = {
  callStarted: 'room_started',
  callEnded: 'room_finished',
  participantJoined: 'participant_joined',
  participantLeft: 'participant_left',
  participantFailed: 'participant_connection_aborted',
  trackPublished: 'track_published',
  trackUnpublished: 'track_unpublished',
}

const endReasons: Record<Extract<CallEvent, { type: 'callEnded' }>['reason'], RoomEndReason> = {
  roomClosed: RoomEndReason.ROOM_END_IDLE_TIMEOUT,
  roomDeleted: RoomEndReason.ROOM_END_API_DELETE,
  serverShutdown: RoomEndReason.ROOM_END_SERVER_SHUTDOWN,
  mediaFailure: RoomEndReason.ROOM_END_UNKNOWN,
}

export function createWebhooks({ send, now, random }: WebhookParts) {
  return (call: CallSnapshot, event: CallEvent): void => {
    const body = new WebhookEvent({
      event: names[event.type],
      room: describeRoom(call),
      ...describeEvent(event),
      id: newSid('EV_', random),
      createdAt: BigInt(Math.floor(now() / 1000)),
    })
    send(call.name, body.toJsonString())
  }
}

function describeEvent(event: CallEvent): ConstructorParameters<typeof WebhookEvent>[0] {
  switch (event.type) {
    case 'callStarted':
      return {}
    case 'callEnded':
      return { roomEndReason: endReasons[event.reason] }
    case 'trackPublished':
    case 'trackUnpublished': {
      const { sid, identity, name } = event.participant
      return { participant: new ParticipantInfo({ sid, identity, name }), track: describeTrack(event.track) }
    }
    default:
      return { participant: describeParticipant(event.participant) }
  }
}
