import { RoomEvent, Track, type TrackPublishOptions, type VideoCodec, VideoPresets } from 'livekit-client'
import { behaviour } from './behaviour.ts'
import { codecOf, decoded, holds, own, type Person, pause, refusal, type Stage, same, until } from './stage.ts'

const source = Track.Source

/** What the browser says about an own track's sender. */
const senderCodec = (person: Person, from: Track.Source) => codecOf(own(person, from)?.track?.sender)

/** Published in a codec, and received in it. */
async function inCodec(stage: Stage, videoCodec: VideoCodec, options: TrackPublishOptions = {}) {
  const [ana, ben] = await stage.pair()
  await ana.me.publishTrack(stage.picture(), { source: source.Camera, videoCodec, ...options })
  const seen = await ben.receives('ana', source.Camera)
  same('announced', seen.mimeType?.toLowerCase(), `video/${videoCodec}`)
  const receiver = await codecOf(seen.track?.receiver)
  same('received', receiver.toLowerCase(), `video/${videoCodec}`)
  return { ana, ben, seen }
}

export const publish = [
  behaviour('a camera is published and seen, with its source, name and size', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera, name: 'front' })
    const seen = await ben.receives('ana', source.Camera)
    same(
      'source, name, size',
      [seen.source, seen.trackName, seen.dimensions],
      ['camera', 'front', { width: 320, height: 180 }],
    )
    same('sid', seen.trackSid, own(ana, source.Camera)?.trackSid)
    await ben.hears(RoomEvent.TrackPublished)
    await ben.hears(RoomEvent.TrackSubscribed)
  }),
  behaviour('a microphone is published and heard', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    const heard = await ben.receives('ana', source.Microphone)
    same('kind and source', [heard.kind, heard.source], ['audio', 'microphone'])
  }),
  behaviour('the devices’ camera and microphone are switched on at once', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.enableCameraAndMicrophone()
    await Promise.all([ben.receives('ana', source.Camera), ben.receives('ana', source.Microphone)])
    same('enabled', [ana.me.isCameraEnabled, ana.me.isMicrophoneEnabled], [true, true])
  }),
  behaviour('both publish and see each other', async (stage) => {
    const [ana, ben] = await stage.pair()
    for (const person of [ana, ben]) await person.me.publishTrack(stage.picture(), { source: source.Camera })
    await Promise.all([ana.receives('ben', source.Camera), ben.receives('ana', source.Camera)])
  }),
  behaviour('who publishes hears that it is seen', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ben.receives('ana', source.Camera)
    await ana.hears(RoomEvent.LocalTrackSubscribed)
  }),
  behaviour('an unpublished camera goes, and the next one comes', async (stage) => {
    const [ana, ben] = await stage.pair()
    const first = await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ben.receives('ana', source.Camera)
    await ana.me.unpublishTrack(first.track?.mediaStreamTrack as MediaStreamTrack)
    await ben.hears(RoomEvent.TrackUnpublished)
    await ben.hears(RoomEvent.TrackUnsubscribed)
    const second = await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await until(
      'the next one',
      () => ben.room.remoteParticipants.get('ana')?.getTrackPublication(source.Camera)?.trackSid === second.trackSid,
    )
    await ben.receives('ana', source.Camera)
  }),
  behaviour('a screen and its sound are published beside the camera', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ana.me.publishTrack(stage.picture({ width: 640, height: 360, rate: 5 }), {
      source: source.ScreenShare,
      simulcast: false,
    })
    await ana.me.publishTrack(stage.sound(), { source: source.ScreenShareAudio })
    await ben.receives('ana', source.Camera)
    const screen = await ben.receives('ana', source.ScreenShare)
    await ben.receives('ana', source.ScreenShareAudio)
    same('size of the screen', screen.dimensions, { width: 640, height: 360 })
    same('enabled', (await ben.sees('ana')).isScreenShareEnabled, true)
  }),
  behaviour('several tracks of one source are each received', async (stage) => {
    const [ana, ben] = await stage.pair()
    for (const name of ['left', 'right'])
      await ana.me.publishTrack(stage.picture(), { source: source.Camera, name, simulcast: false })
    const seen = await ben.sees('ana')
    let frames: number[] = []
    await until(
      () => `frames of both (${JSON.stringify(frames)})`,
      async () => {
        const both = [...seen.videoTrackPublications.values()].filter(({ track }) => track)
        frames = await Promise.all(both.map(decoded))
        return frames.length === 2 && frames.every((count) => count > 2)
      },
    )
    same('names', [...seen.videoTrackPublications.values()].map(({ trackName }) => trackName).sort(), ['left', 'right'])
  }),
  behaviour('who joins later sees and hears who published before', async (stage) => {
    const ana = await stage.join('ana')
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    const ben = await stage.join('ben')
    await Promise.all([ben.receives('ana', source.Camera), ben.receives('ana', source.Microphone)])
  }),
  behaviour(
    'who joins six others receives the tracks of all',
    async (stage) => {
      const names = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']
      const six = await Promise.all(names.map((name) => stage.join(name)))
      const small = { width: 160, height: 90, rate: 8 }
      for (const person of six) {
        await person.me.publishTrack(stage.picture(small), { source: source.Camera, simulcast: false })
        await person.me.publishTrack(stage.sound(), { source: source.Microphone })
      }
      const late = await stage.join('late')
      for (const name of names) {
        await late.receives(name, source.Camera)
        await late.receives(name, source.Microphone)
      }
    },
    { alone: true },
  ),
  behaviour('a muted microphone is known as muted, and unmuted is heard again', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
    const heard = await ben.receives('ana', source.Microphone)
    await ana.me.setMicrophoneEnabled(false)
    await ben.hears(RoomEvent.TrackMuted)
    same('muted', heard.isMuted, true)
    await ana.me.setMicrophoneEnabled(true)
    await ben.hears(RoomEvent.TrackUnmuted)
    const before = await decoded(heard)
    await until(
      'sound again',
      async () => (await decoded(heard)) > before + 0.000_1 || stage.setting.browser === 'firefox',
    )
  }),
  behaviour('a muted camera stops and shows again', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.setCameraEnabled(true)
    const seen = await ben.receives('ana', source.Camera)
    await ana.me.setCameraEnabled(false)
    await ben.hears(RoomEvent.TrackMuted)
    await ana.me.setCameraEnabled(true)
    await ben.hears(RoomEvent.TrackUnmuted)
    const before = await decoded(seen)
    await until('frames again', async () => (await decoded(seen)) > before + 3)
  }),
  behaviour('a track that is muted before publishing is known as muted', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.setMicrophoneEnabled(true)
    await ana.me.setMicrophoneEnabled(false)
    const cho = await stage.join('cho')
    const [atBen, atCho] = [
      await ben.publication('ana', source.Microphone),
      await cho.publication('ana', source.Microphone),
    ]
    await until('muted at both', () => atBen.isMuted && atCho.isMuted)
  }),
  behaviour('another picture is put into the same track', async (stage) => {
    const [ana, ben] = await stage.pair()
    const { track } = await ana.me.publishTrack(stage.picture(), { source: source.Camera, simulcast: false })
    const seen = await ben.receives('ana', source.Camera)
    const sid = seen.trackSid
    await track?.replaceTrack(stage.picture({ width: 240, height: 240 }))
    await until(
      'the square picture',
      async () =>
        seen.track?.mediaStreamTrack.getSettings().height === 240 ||
        (seen.track?.attachedElements[0] as HTMLVideoElement)?.videoHeight === 240,
    )
    same('the same track', seen.trackSid, sid)
  }),
  behaviour('without the right to publish publishing is refused', async (stage) => {
    const [ana, ben] = await stage.pair({ grant: { canPublish: false } })
    const error = await refusal('publishing', ana.me.publishTrack(stage.picture(), { source: source.Camera }))
    same('error', [error.name, error.status], ['PublishTrackError', 403])
    await pause(200)
    same('tracks at ben', (await ben.sees('ana')).trackPublications.size, 0)
  }),
  behaviour(
    'H.264 is published and received',
    async (stage) => {
      await inCodec(stage, 'h264')
    },
    { where: ({ browser }) => browser === 'chromium' },
  ),
  behaviour(
    'VP9 in spatial layers of one stream is published and received',
    async (stage) => {
      const { ana } = await inCodec(stage, 'vp9', { scalabilityMode: 'L3T3_KEY', backupCodec: false })
      same('sent', (await senderCodec(ana, source.Camera)).toLowerCase(), 'video/vp9')
    },
    { where: ({ browser }) => browser === 'chromium' },
  ),
  behaviour(
    'AV1 in spatial layers of one stream is published and received',
    async (stage) => {
      await inCodec(stage, 'av1', { scalabilityMode: 'L3T3_KEY', backupCodec: false })
    },
    { where: ({ browser }) => browser === 'chromium' },
  ),
  behaviour('VP8 in one layer is published and received', async (stage) => {
    const { seen } = await inCodec(stage, 'vp8', { simulcast: false })
    same('simulcast', seen.simulcasted ?? false, false)
  }),
  behaviour(
    'a microphone is sent with redundancy',
    async (stage) => {
      const [ana, ben] = await stage.pair()
      await ana.me.publishTrack(stage.sound(), { source: source.Microphone, red: true })
      const heard = await ben.receives('ana', source.Microphone)
      same('announced', heard.mimeType, 'audio/red')
      // Reports name the codec inside; what was negotiated is told by the parameters.
      const [first] = own(ana, source.Microphone)?.track?.sender?.getParameters().codecs ?? []
      same('sent', first?.mimeType, 'audio/red')
    },
    { where: ({ browser }) => browser === 'chromium' },
  ),
  behaviour('a microphone is sent without redundancy where that is asked', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.sound(), { source: source.Microphone, red: false })
    const heard = await ben.receives('ana', source.Microphone)
    same('announced', heard.mimeType?.toLowerCase(), 'audio/opus')
    same('sent', (await senderCodec(ana, source.Microphone)).toLowerCase(), 'audio/opus')
  }),
  behaviour('stereo music is announced and negotiated as such', async (stage) => {
    const [ana, ben] = await stage.pair()
    const options = {
      source: source.Microphone,
      forceStereo: true,
      dtx: false,
      red: false,
      audioPreset: { maxBitrate: 128_000 },
    }
    const { track } = await ana.me.publishTrack(stage.sound(true), options)
    const heard = await ben.receives('ana', source.Microphone)
    const features = (heard.trackInfo?.audioFeatures ?? []) as number[]
    same('stereo and no pauses', [features.includes(0), features.includes(1)], [true, true])
    const report = await track?.sender?.getStats()
    const codec = [...(report?.values() ?? [])].find((row) => row.type === 'codec')
    holds('the answer allows stereo', stage.setting.browser === 'firefox' || /stereo=1/.test(codec?.sdpFmtpLine ?? ''))
  }),
  behaviour('a large camera is published in three layers', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishTrack(stage.picture({ width: 960, height: 540, rate: 8 }), { source: source.Camera })
    const seen = await ben.receives('ana', source.Camera)
    same('simulcast', seen.simulcasted, true)
    const layers = seen.trackInfo?.layers.map((layer) => layer.width).sort((a, b) => a - b)
    same('layers', layers?.length, 3)
    same('the largest', layers?.at(-1), VideoPresets.h540.width)
  }),
]
