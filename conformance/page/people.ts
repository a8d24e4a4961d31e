// What people are told about each other and may do: attributes, names, rights, speakers.
import { ConnectionQuality, type Participant, RoomEvent, type SignalRequestError, Track } from 'livekit-client'
import { behaviour } from './behaviour.ts'
import { holds, own, refusal, type Stage, same, until } from './stage.ts'

const source = Track.Source
/** TrackSource.MICROPHONE of LiveKit's protocol. */
const MICROPHONE = 2
const may = { grant: { canUpdateOwnMetadata: true } }
/** What the client calls a refused request: the older one has no name of its own for it. */
const refused = ({ setting }: Stage) => (setting.client === 'new' ? 'SignalRequestError' : 'LiveKitError')

export const people = [
  behaviour('attributes that somebody sets are seen by everybody, and deleted ones go', async (stage) => {
    const [ana, ben] = await stage.pair(may)
    await ana.me.setAttributes({ hand: 'up', seat: '3' })
    same('own', ana.me.attributes, { hand: 'up', seat: '3' })
    const seen = await ben.sees('ana')
    await until('both at ben', () => seen.attributes.hand === 'up' && seen.attributes.seat === '3')
    await ana.me.setAttributes({ hand: '' })
    await until('the hand going down', () => seen.attributes.hand === undefined)
    same('remaining', seen.attributes, { seat: '3' })
    const [changed] = await ben.hears<[Record<string, string>]>(RoomEvent.ParticipantAttributesChanged)
    same('the first change', [changed.hand, changed.seat], ['up', '3'])
  }),
  behaviour('metadata that somebody sets are seen by everybody', async (stage) => {
    const [ana, ben] = await stage.pair(may)
    await ana.me.setMetadata('{"mood":"good"}')
    const seen = await ben.sees('ana')
    await until('them at ben', () => seen.metadata === '{"mood":"good"}')
    await ben.hears(RoomEvent.ParticipantMetadataChanged)
  }),
  behaviour('a name that somebody takes is seen by everybody', async (stage) => {
    const [ana, ben] = await stage.pair(may)
    await ana.me.setName('Dr. Ana')
    const seen = await ben.sees('ana')
    await until('it at ben', () => seen.name === 'Dr. Ana')
    await ben.hears(RoomEvent.ParticipantNameChanged)
  }),
  behaviour('without the right nobody changes their own metadata, name or attributes', async (stage) => {
    const ana = await stage.join('ana', { metadata: 'old' })
    const error = (await refusal('metadata', ana.me.setMetadata('new'))) as unknown as SignalRequestError
    same('error', [error.name, error.reasonName], [refused(stage), 'NOT_ALLOWED'])
    await refusal('a name', ana.me.setName('new'))
    await refusal('attributes', ana.me.setAttributes({ hand: 'up' }))
    same('unchanged', [ana.me.metadata, ana.me.name, ana.me.attributes], ['old', '', {}])
  }),
  behaviour('metadata beyond the limit are refused as such', async (stage) => {
    const ana = await stage.join('ana', may)
    const error = (await refusal(
      'attributes',
      ana.me.setAttributes({ book: 'x'.repeat(70_000) }),
    )) as unknown as SignalRequestError
    same('error', [error.name, error.reasonName], [refused(stage), 'LIMIT_EXCEEDED'])
  }),
  behaviour('the server changes name, metadata and attributes of somebody, for all', async (stage) => {
    const [ana, ben] = await stage.pair()
    await stage.service('updateParticipant', stage.setting.room, 'ana', {
      name: 'Chair',
      metadata: 'm',
      attributes: { role: 'chair' },
    })
    const seen = await ben.sees('ana')
    for (const who of [ana.me, seen])
      await until('all three', () => who.name === 'Chair' && who.metadata === 'm' && who.attributes.role === 'chair')
  }),
  behaviour('the right to publish is taken away: tracks end, and its owner knows', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ben.receives('ana', source.Camera)
    await stage.service('updateParticipant', stage.setting.room, 'ana', {
      permission: { canPublish: false, canSubscribe: true, canPublishData: true },
    })
    await ben.hears(RoomEvent.TrackUnpublished)
    await until('the owner knowing', () => ana.me.permissions?.canPublish === false)
    await until('no own track', () => own(ana, source.Camera) === undefined)
    await ana.hears(RoomEvent.ParticipantPermissionsChanged)
    await refusal('publishing again', ana.me.publishTrack(stage.picture(), { source: source.Camera }))
  }),
  behaviour('the right to publish is given: publishing works from then on', async (stage) => {
    const [ana, ben] = await stage.pair({ grant: { canPublish: false } })
    await refusal('publishing', ana.me.publishTrack(stage.picture(), { source: source.Camera }))
    await stage.service('updateParticipant', stage.setting.room, 'ana', {
      permission: { canPublish: true, canSubscribe: true, canPublishData: true },
    })
    await until('the right', () => ana.me.permissions?.canPublish)
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ben.receives('ana', source.Camera)
  }),
  behaviour('who may publish only a microphone publishes no camera', async (stage) => {
    const grant = { canPublishSources: [MICROPHONE] }
    const [ana, ben] = await stage.pair({ grant })
    await refusal('a camera', ana.me.publishTrack(stage.picture(), { source: source.Camera }))
    await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    await ben.receives('ana', source.Microphone)
  }),
  behaviour('who may not subscribe receives nothing until the right is given', async (stage) => {
    const [ana, ben] = await stage.pair({}, { grant: { canSubscribe: false } })
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    const seen = await ben.publication('ana', source.Camera)
    same('subscribed', seen.isSubscribed, false)
    await stage.service('updateParticipant', stage.setting.room, 'ben', {
      permission: { canPublish: true, canSubscribe: true, canPublishData: true },
    })
    await ben.receives('ana', source.Camera)
  }),
  behaviour('the right to subscribe is taken away: tracks go', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ben.receives('ana', source.Camera)
    await stage.service('updateParticipant', stage.setting.room, 'ben', {
      permission: { canPublish: true, canSubscribe: false, canPublishData: true },
    })
    await ben.hears(RoomEvent.TrackUnsubscribed)
  }),
  behaviour('the right to change oneself is given live', async (stage) => {
    const [ana, ben] = await stage.pair()
    await stage.service('updateParticipant', stage.setting.room, 'ana', {
      permission: { canPublish: true, canSubscribe: true, canPublishData: true, canUpdateMetadata: true },
    })
    await until('the right', () => ana.me.permissions?.canUpdateMetadata)
    await ana.me.setMetadata('mine')
    const seen = await ben.sees('ana')
    await until('it at ben', () => seen.metadata === 'mine')
  }),
  behaviour('who speaks is known as the speaker, with a level, and no longer when silent', async (stage) => {
    const [ana, ben] = await stage.pair()
    // In Firefox without a sound card nothing is to be heard of a tone that a page makes.
    if (stage.setting.browser === 'firefox') await ana.me.setMicrophoneEnabled(true)
    else await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    await ben.hears(RoomEvent.ActiveSpeakersChanged, (speakers: Participant[]) =>
      speakers.some(({ identity }) => identity === 'ana'),
    )
    const seen = await ben.sees('ana')
    await until('the level', () => seen.isSpeaking && seen.audioLevel > 0)
    await until('the speaker knowing', () => ana.me.isSpeaking)
    await ana.me.setMicrophoneEnabled(false)
    await until('silence', () => !seen.isSpeaking && ben.room.activeSpeakers.length === 0)
  }),
  behaviour('the quality of the connection is told: excellent here', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    const seen = await ben.sees('ana')
    await until('both being excellent', () =>
      [seen, ana.me].every((who) => who.connectionQuality === ConnectionQuality.Excellent),
    )
  }),
  behaviour('the server mutes a microphone: its owner and others know', async (stage) => {
    const [ana, ben] = await stage.pair()
    const { trackSid } = await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    const seen = await ben.receives('ana', source.Microphone)
    await stage.service('mutePublishedTrack', stage.setting.room, 'ana', trackSid, true)
    await until('the owner being muted', () => own(ana, source.Microphone)?.isMuted)
    await until('ben knowing', () => seen.isMuted)
    same('enabled', ana.me.isMicrophoneEnabled, false)
  }),
  behaviour('a server that may not unmute says so', async (stage) => {
    const [ana, ben] = await stage.pair()
    const { trackSid } = await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    await ben.receives('ana', source.Microphone)
    await stage.service('mutePublishedTrack', stage.setting.room, 'ana', trackSid, true)
    await until('the owner being muted', () => own(ana, source.Microphone)?.isMuted)
    const error = await refusal(
      'unmuting',
      stage.service('mutePublishedTrack', stage.setting.room, 'ana', trackSid, false),
    )
    same('status and code', [error.status, error.code], [412, 'failed_precondition'])
    await ana.me.setMicrophoneEnabled(true)
    await until('unmuted by its owner', () => ben.room.remoteParticipants.get('ana')?.isMicrophoneEnabled)
  }),
  behaviour('waitUntilActive of somebody who just joins resolves', async (stage) => {
    const ana = await stage.join('ana')
    const joining = stage.join('ben')
    const ben = await ana.sees('ben')
    await ben.waitUntilActive()
    holds('active', ben.isActive)
    await joining
  }),
]
