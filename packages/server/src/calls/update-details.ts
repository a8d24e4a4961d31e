import { announce } from './announce.ts'
import { type Call, type CallOptions, describeCall, othersOf } from './call.ts'
import { type RequestOutcome, type Turn, tell } from './effect.ts'
import { remember } from './leave.ts'
import { MAX_ATTRIBUTES_BYTES, MAX_METADATA_BYTES, MAX_NAME_LENGTH } from './limits.ts'
import { type Participant, snapshot } from './participant.ts'
import type { Permissions } from './permissions.ts'
import { noteRecording } from './recording.ts'
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
  const former = participant.permissions
  if (permissions) participant.permissions = permissions
  if (participant.permissions.hidden && !former.hidden) vanish(call, turn, participant)
  // Who was hidden is shown here, before anything of it arrives.
  changeDetails(call, turn, participant, details)
  if (permissions) settlePermissions(call, turn, participant, former)
}

/**
 * What is set of the call itself, by whoever may.
 * @throws CallRefusal
 */
export function updateCall(call: Call, turn: Turn, options: Partial<CallOptions>): void {
  checkMetadata(options.metadata ?? '')
  Object.assign(call, options)
  tell(turn, [...call.participants.values()], { type: 'callChanged', call: describeCall(call) })
}

/** @throws CallRefusal */
export function checkMetadata(metadata: string): void {
  if (Buffer.byteLength(metadata) <= MAX_METADATA_BYTES) return
  throw new CallRefusal('invalid', `metadata size exceeds limits ${MAX_METADATA_BYTES}`)
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

/** For the others, who is hidden from now on has left. */
function vanish(call: Call, turn: Turn, participant: Participant): void {
  participant.version += 1
  const gone = { ...snapshot(participant), state: 'disconnected' as const, tracks: [] }
  remember(call, turn, gone)
  tell(turn, othersOf(call, participant), { type: 'participantsChanged', participants: [gone] })
}

/** What follows from new permissions: for the tracks, for what is received, and for what the others receive. */
function settlePermissions(call: Call, turn: Turn, participant: Participant, former: Permissions): void {
  endForbiddenTracks(call, turn, participant)
  refreshSubscriptions(call, turn, participant)
  refreshEverybody(call, turn, participant)
  noteRecording(call, turn)
  if (participant.permissions.hidden !== former.hidden) turn.effects.push({ type: 'peopleChanged' })
}

function mergedAttributes(participant: Participant, details: Details): Record<string, string> {
  const merged = { ...participant.attributes, ...details.attributes }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''))
}

function excessOf(participant: Participant, details: Details): string | undefined {
  if (details.name.length > MAX_NAME_LENGTH) return `name length exceeds limits ${MAX_NAME_LENGTH}`
  if (Buffer.byteLength(details.metadata) > MAX_METADATA_BYTES)
    return `metadata size exceeds limits ${MAX_METADATA_BYTES}`
  const size = Object.entries(mergedAttributes(participant, details)).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
  return size > MAX_ATTRIBUTES_BYTES ? `attribute size exceeds limits ${MAX_ATTRIBUTES_BYTES}` : undefined
}
