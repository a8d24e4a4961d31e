/** What a participant may do in a call. Sources are empty when every source is allowed. */
export interface Permissions {
  canPublish: boolean
  canSubscribe: boolean
  canPublishData: boolean
  canPublishSources: readonly TrackSource[]
  canUpdateOwnMetadata: boolean
  canSubscribeMetrics: boolean
  canManageAgentSession: boolean
  /** Others neither see nor hear of this participant. */
  hidden: boolean
  recorder: boolean
  agent: boolean
}

export const trackSources = ['unknown', 'camera', 'microphone', 'screen_share', 'screen_share_audio'] as const
export type TrackSource = (typeof trackSources)[number]

export function mayPublishSource(permissions: Permissions, source: TrackSource): boolean {
  if (!permissions.canPublish) return false
  return permissions.canPublishSources.length === 0 || permissions.canPublishSources.includes(source)
}
