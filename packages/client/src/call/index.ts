/**
 * The own half of a call: devices before it, the seat in it. Knows livekit-client and browsers, knows nothing of pages.
 * livekit-client itself is loaded by `openCall`, never by importing this.
 */
export { type CallClient, type CallSnapshot, openCall, type Ticket, warmUp } from './call-client.ts'
export type { CallParticipant, CallTrack, Quality } from './call-person.ts'
export type { DeviceProblem } from './call-problem.ts'
export type { CallState, EndReason } from './call-state.ts'
export {
  canCapture,
  canShareScreen,
  type Device,
  type DeviceList,
  type DeviceSource,
  listDevices,
  noDevices,
  onDevicesChange,
} from './devices.ts'
export type { JoinChoices } from './join-choices.ts'
export { watchLevel } from './level.ts'
export { openPreview, type Preview, type PreviewSource, type PreviewState } from './preview.ts'
