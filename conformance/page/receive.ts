// How a subscriber chooses what it gets, and how the publisher learns what is wanted.
import {
  type RemoteTrack,
  type RemoteTrackPublication,
  RoomEvent,
  Track,
  type TrackPublishOptions,
  VideoQuality,
} from 'livekit-client'
import { behaviour } from './behaviour.ts'
import { decoded, inbound, own, type Person, pause, same, until, width } from './stage.ts'

const source = Track.Source
const large = { width: 960, height: 540, rate: 10 }
/** A busy machine makes fewer pictures, not smaller ones. */
const largest: TrackPublishOptions = { source: source.Camera, degradationPreference: 'maintain-resolution' }

/** No new frames for a while, after those that were under way. */
async function stopsDecoding(publication: RemoteTrackPublication): Promise<void> {
  await until(`${publication.source} stopping`, async () => {
    const before = await decoded(publication)
    await pause(700)
    return (await decoded(publication)) === before
  })
}

const received = async (publication: RemoteTrackPublication) =>
  Number((await inbound(publication))?.packetsReceived ?? 0)

function show(person: Person, track: RemoteTrack, size: { width: number; height: number }): HTMLElement {
  const element = track.attach()
  Object.assign(element.style, {
    position: 'fixed',
    top: '0',
    left: '0',
    width: `${size.width}px`,
    height: `${size.height}px`,
  })
  document.body.append(element)
  person.room.once(RoomEvent.Disconnected, () => element.remove())
  return element
}

/** Which layers a publisher's encoder makes, lowest first. */
const active = (person: Person) =>
  own(person, source.Camera)
    ?.track?.sender?.getParameters()
    .encodings.map((encoding) => encoding.active)

export const receive = [
  behaviour(
    'without automatic subscription nothing comes until it is asked for, and goes when it is not wanted',
    async (stage) => {
      const [ana, ben] = await stage.pair({}, { connect: { autoSubscribe: false } })
      await ana.me.publishTrack(stage.picture(), { source: source.Camera })
      const seen = await ben.publication('ana', source.Camera)
      await pause(500)
      same('subscribed', seen.isSubscribed, false)
      seen.setSubscribed(true)
      await ben.receives('ana', source.Camera)
      seen.setSubscribed(false)
      await ben.hears(RoomEvent.TrackUnsubscribed)
      seen.setSubscribed(true)
      await ben.receives('ana', source.Camera)
    },
  ),
  behaviour('a joiner without automatic subscription gets nothing of earlier tracks', async (stage) => {
    const ana = await stage.join('ana')
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    const ben = await stage.join('ben', { connect: { autoSubscribe: false } })
    const seen = await ben.publication('ana', source.Camera)
    await pause(500)
    same('subscribed', seen.isSubscribed, false)
    seen.setSubscribed(true)
    await ben.receives('ana', source.Camera)
  }),
  behaviour('one track of two is unsubscribed, the other goes on', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    const camera = await ben.receives('ana', source.Camera)
    const microphone = await ben.receives('ana', source.Microphone)
    camera.setSubscribed(false)
    await ben.hears(RoomEvent.TrackUnsubscribed)
    same('the sound', microphone.isSubscribed, true)
  }),
  behaviour('the server subscribes and unsubscribes somebody', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    const seen = await ben.receives('ana', source.Camera)
    await stage.service('updateSubscriptions', stage.setting.room, 'ben', [seen.trackSid], false)
    await ben.hears(RoomEvent.TrackUnsubscribed)
    await stage.service('updateSubscriptions', stage.setting.room, 'ben', [seen.trackSid], true)
    await ben.receives('ana', source.Camera)
  }),
  behaviour('a disabled track stops and starts again', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    const seen = await ben.receives('ana', source.Camera)
    seen.setEnabled(false)
    await stopsDecoding(seen)
    seen.setEnabled(true)
    const before = await decoded(seen)
    await until('frames again', async () => (await decoded(seen)) > before + 3)
  }),
  behaviour(
    'a lower quality is asked for and comes, and the higher one again',
    async (stage) => {
      const [ana, ben] = await stage.pair()
      await ana.me.publishTrack(stage.picture(large), largest)
      const seen = await ben.receives('ana', source.Camera)
      await until('the largest layer', async () => (await width(seen)) === 960)
      seen.setVideoQuality(VideoQuality.LOW)
      await until('the smallest layer', async () => (await width(seen)) === 320)
      seen.setVideoQuality(VideoQuality.HIGH)
      await until('the largest layer again', async () => (await width(seen)) === 960)
    },
    { alone: true },
  ),
  behaviour(
    'a wanted size brings the layer that fits',
    async (stage) => {
      const [ana, ben] = await stage.pair()
      await ana.me.publishTrack(stage.picture(large), largest)
      const seen = await ben.receives('ana', source.Camera)
      await until('the largest layer', async () => (await width(seen)) === 960)
      seen.setVideoDimensions({ width: 640, height: 360 })
      await until('the middle layer', async () => (await width(seen)) === 640)
    },
    { alone: true },
  ),
  behaviour(
    'an adaptive subscriber gets the layer its element needs',
    async (stage) => {
      const [ana, ben] = await stage.pair({}, { options: { adaptiveStream: { pixelDensity: 1 } } })
      await ana.me.publishTrack(stage.picture(large), largest)
      const seen = await ben.publication('ana', source.Camera)
      const track = await until('the track', () => seen.track)
      const element = show(ben, track, { width: 200, height: 112 })
      await until('the smallest layer', async () => (await width(seen)) === 320)
      Object.assign(element.style, { width: '960px', height: '540px' })
      await until('the largest layer', async () => (await width(seen)) === 960)
    },
    { alone: true },
  ),
  behaviour('an adaptive subscriber gets nothing for a hidden element', async (stage) => {
    const [ana, ben] = await stage.pair({}, { options: { adaptiveStream: true } })
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    const seen = await ben.publication('ana', source.Camera)
    const track = await until('the track', () => seen.track)
    const element = show(ben, track, { width: 320, height: 180 })
    await until('frames', async () => (await decoded(seen)) > 3)
    element.style.display = 'none'
    await stopsDecoding(seen)
    element.style.display = ''
    const before = await decoded(seen)
    await until('frames again', async () => (await decoded(seen)) > before + 3)
  }),
  behaviour(
    'layers nobody wants are not encoded, and come back when somebody does',
    async (stage) => {
      const [ana, ben] = await stage.pair({ options: { dynacast: true } })
      await ana.me.publishTrack(stage.picture(large), largest)
      const seen = await ben.receives('ana', source.Camera)
      seen.setVideoQuality(VideoQuality.LOW)
      await until('only the lowest being made', () => JSON.stringify(active(ana)) === '[true,false,false]')
      seen.setVideoQuality(VideoQuality.HIGH)
      await until('all being made', () => active(ana)?.at(-1))
      await until('the largest layer', async () => (await width(seen)) === 960)
    },
    { alone: true, where: ({ browser }) => browser === 'chromium' },
  ),
  behaviour(
    'a camera nobody receives is not encoded at all',
    async (stage) => {
      const [ana, ben] = await stage.pair({ options: { dynacast: true } })
      await ana.me.publishTrack(stage.picture(), { source: source.Camera })
      const seen = await ben.receives('ana', source.Camera)
      seen.setSubscribed(false)
      await until('nothing being made', () => active(ana)?.every((each) => !each))
      seen.setSubscribed(true)
      await ben.receives('ana', source.Camera)
    },
    { where: ({ browser }) => browser === 'chromium' },
  ),
  behaviour('who is not permitted receives nothing, and is told; permitted again it comes', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ben.receives('ana', source.Camera)
    ana.me.setTrackSubscriptionPermissions(false, [])
    await ben.hears(RoomEvent.TrackSubscriptionPermissionChanged)
    const seen = await ben.publication('ana', source.Camera)
    await until('not allowed', () => seen.permissionStatus === 'not_allowed')
    await until('no track', () => !seen.track)
    ana.me.setTrackSubscriptionPermissions(false, [{ participantIdentity: 'ben', allowAll: true }])
    await ben.receives('ana', source.Camera)
    await until('allowed', () => seen.permissionStatus === 'allowed')
  }),
  behaviour('permission may be for one track alone', async (stage) => {
    const [ana, ben] = await stage.pair()
    const camera = await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    await ben.receives('ana', source.Camera)
    await ben.receives('ana', source.Microphone)
    ana.me.setTrackSubscriptionPermissions(false, [{ participantIdentity: 'ben', allowedTrackSids: [camera.trackSid] }])
    const sound = await ben.publication('ana', source.Microphone)
    await until('the sound going', () => !sound.track && sound.permissionStatus === 'not_allowed')
    same('the picture', (await ben.publication('ana', source.Camera)).isSubscribed, true)
  }),
  behaviour('permission holds for tracks and people that come later', async (stage) => {
    const ana = await stage.join('ana')
    ana.me.setTrackSubscriptionPermissions(false, [{ participantIdentity: 'ben', allowAll: true }])
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    const [ben, cho] = [await stage.join('ben'), await stage.join('cho')]
    await ben.receives('ana', source.Camera)
    const seen = await cho.publication('ana', source.Camera)
    await until('cho not being allowed', () => seen.permissionStatus === 'not_allowed')
    same('the track at cho', seen.track, undefined)
  }),
  behaviour('a received picture is known as active', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    const seen = await ben.receives('ana', source.Camera)
    await until('being active', () => seen.track?.streamState === Track.StreamState.Active)
  }),
  behaviour(
    'simulated subscriber-bandwidth: on a narrow line the smallest layer comes, on a wide one the largest again',
    async (stage) => {
      const [ana, ben] = await stage.pair()
      await ana.me.publishTrack(stage.picture(large), largest)
      const seen = await ben.receives('ana', source.Camera)
      await until('the largest layer', async () => (await width(seen)) === 960)
      // Between what the smallest layer takes and what the next one does.
      await ben.room.simulateScenario('subscriber-bandwidth', 250_000)
      await until('the smallest layer', async () => (await width(seen)) === 320)
      const before = await decoded(seen)
      await until('frames of it', async () => (await decoded(seen)) > before + 3)
      await ben.room.simulateScenario('subscriber-bandwidth', 0)
      await until('the largest layer again', async () => (await width(seen)) === 960)
    },
    { alone: true, better: 'the real server goes on with the largest layer' },
  ),
  behaviour(
    'simulated subscriber-bandwidth: on a line too narrow for a picture it is paused, and the subscriber is told; the sound goes on',
    async (stage) => {
      const [ana, ben] = await stage.pair({}, { connect: { subscriberAllowPause: true } })
      await ana.me.publishTrack(stage.picture(), { source: source.Camera })
      await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
      const seen = await ben.receives('ana', source.Camera)
      const heard = await ben.receives('ana', source.Microphone)
      same('at first', seen.track?.streamState, Track.StreamState.Active)
      // The real server looks once, and what it has not measured yet costs nothing.
      await until('the picture having come for a while', async () => (await decoded(seen)) > 45)
      await ben.room.simulateScenario('subscriber-bandwidth', 1_000)
      await until('being told of the pause', () => seen.track?.streamState === Track.StreamState.Paused)
      await ben.hears(RoomEvent.TrackStreamStateChanged)
      await stopsDecoding(seen)
      const [packets, frames] = [await received(heard), await decoded(seen)]
      await until('more sound', async () => (await received(heard)) > packets + 20)
      await ben.room.simulateScenario('subscriber-bandwidth', 0)
      await until('being told of the end', () => seen.track?.streamState === Track.StreamState.Active)
      await until('frames again', async () => (await decoded(seen)) > frames + 3)
    },
    {
      alone: true,
      better: 'the real server pauses nothing where there is one connection',
      // The older one has no word for it.
      where: ({ client }) => client === 'new',
    },
  ),
  behaviour(
    'simulated subscriber-bandwidth: who did not allow pausing keeps the smallest layer on the narrowest line',
    async (stage) => {
      const [ana, ben] = await stage.pair()
      await ana.me.publishTrack(stage.picture(large), largest)
      const seen = await ben.receives('ana', source.Camera)
      await until('the largest layer', async () => (await width(seen)) === 960)
      await ben.room.simulateScenario('subscriber-bandwidth', 1_000)
      await until('the smallest layer', async () => (await width(seen)) === 320)
      const before = await decoded(seen)
      await until('frames of it', async () => (await decoded(seen)) > before + 20)
      same('stream state', seen.track?.streamState, Track.StreamState.Active)
      same('told of nothing', ben.heard(RoomEvent.TrackStreamStateChanged).length, 0)
    },
    { alone: true },
  ),
  behaviour('a microphone muted by its owner goes on as a subscription', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    const heard = await ben.receives('ana', source.Microphone)
    await ana.me.setMicrophoneEnabled(false)
    await until('muted', () => heard.isMuted)
    same('subscribed', heard.isSubscribed, true)
    same('events of its end', ben.heard(RoomEvent.TrackUnsubscribed).length, 0)
  }),
]
