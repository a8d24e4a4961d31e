import { announce } from './announce.ts'
import { type Call, describeCall } from './call.ts'
import { type RequestOutcome, type Turn, tell } from './effect.ts'
import { MAX_ATTRIBUTES_BYTES, MAX_METADATA_BYTES, MAX_NAME_LENGTH } from './limits.ts'
import type { Participant } from './participant.ts'
import type { Permissions } from './permissions.ts'
import { CallRefusal } from './refusal.ts'
import { refreshEverybody, refreshSubscriptions } from './subscribe.ts'
import { endForbiddenTracks } from './unpublish-track.ts'

/** Empty name and metadata mean no change; an attribute with an empty value is removed. */
export interface Details {
  name: string
  metadata: string
  attributes: Record<string, string>
}

/** Clients that speak this version are told when a request went well. */
const HEARS_OF_SUCCESS = 15

/** A participant changes how it is called or described. It waits for an update of itself, then for the answer. */
export function updateOwnDetails(
  call: Call,
  turn: Turn,
  participant: Participant,
  details: Details,
  requestId: number,
  echo: unknown,
): void {
  const answer = (outcome: RequestOutcome, text = '') =>
    tell(turn, participant, { type: 'requestAnswered', requestId, outcome, text, request: echo })
  const excess = excessOf(participant, details)
  if (!participant.permissions.canUpdateOwnMetadata) {
    answer('notAllowed', 'does not have permission to update own metadata')
  } else if (excess) {
    answer('limitExceeded', excess)
  } else {
    changeDetails(call, turn, participant, details)
    if (participant.client.protocol >= HEARS_OF_SUCCESS) answer('ok')
  }
}

/**
 * Somebody with the right to it changes a participant.
 * @throws CallRefusal
 */
export function updateOther(
  call: Call,
  turn: Turn,
  participant: Participant,
  details: Details,
  permissions: Permissions | undefined,
): void {
  const excess = excessOf(participant, details)
  if (excess) throw new CallRefusal('invalid', excess)
  if (permissions) setPermissions(call, turn, participant, permissions)
  changeDetails(call, turn, participant, details)
}

/** The description of the call itself. */
export function updateCall(call: Call, turn: Turn, metadata: string): void {
  if (Buffer.byteLength(metadata) > MAX_METADATA_BYTES) throw new CallRefusal('invalid', 'metadata is too long')
  call.metadata = metadata
  tell(turn, [...call.participants.values()], { type: 'callChanged', call: describeCall(call) })
}

function changeDetails(call: Call, turn: Turn, participant: Participant, details: Details): void {
  const renamed = details.name !== '' && details.name !== participant.name
  if (details.name !== '') participant.name = details.name
  if (details.metadata !== '') participant.metadata = details.metadata
  participant.attributes = mergedAttributes(participant, details)
  announce(call, turn, participant, { self: true })
  turn.effects.push({ type: 'refreshToken', participant: participant.sid })
  if (renamed) turn.effects.push({ type: 'peopleChanged' })
}

function setPermissions(call: Call, turn: Turn, participant: Participant, permissions: Permissions): void {
  // Whether somebody is hidden is settled by the token it came with: others have been told, or have not.
  participant.permissions = { ...permissions, hidden: participant.permissions.hidden }
  endForbiddenTracks(call, turn, participant)
  refreshSubscriptions(call, turn, participant)
  refreshEverybody(call, turn, participant)
}

function mergedAttributes(participant: Participant, details: Details): Record<string, string> {
  const merged = { ...participant.attributes, ...details.attributes }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''))
}

function excessOf(participant: Participant, details: Details): string | undefined {
  if (details.name.length > MAX_NAME_LENGTH) return 'name is too long'
  if (Buffer.byteLength(details.metadata) > MAX_METADATA_BYTES) return 'metadata is too long'
  const size = Object.entries(mergedAttributes(participant, details)).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
  return size > MAX_ATTRIBUTES_BYTES ? 'attributes are too long' : undefined
}
