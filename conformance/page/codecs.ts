// Subscribers who decode less than publishers send: then the publisher is asked for a backup codec.
import { RoomEvent, Track, type TrackPublishOptions } from 'livekit-client'
import { behaviour } from './behaviour.ts'
import { codecOf, decoded, lacksLayersOfAv1, own, type Person, type Setting, type Stage, same, until } from './stage.ts'

const camera = Track.Source.Camera
const modern = /video\/(vp9|av1)/i

/** A browser that receives neither VP9 nor AV1, for as long as `work` takes to connect. */
async function limited<Result>(work: () => Promise<Result>): Promise<Result> {
  const Native = globalThis.RTCPeerConnection
  const choose = (transceiver: RTCRtpTransceiver) => {
    const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? []
    if (transceiver.receiver.track.kind === 'video')
      transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => !modern.test(mimeType)))
  }
  globalThis.RTCPeerConnection = class extends Native {
    override addTransceiver(...args: Parameters<RTCPeerConnection['addTransceiver']>) {
      const transceiver = super.addTransceiver(...args)
      if (args[1]?.direction === 'recvonly') choose(transceiver)
      return transceiver
    }
    override async setRemoteDescription(description: RTCSessionDescriptionInit) {
      await super.setRemoteDescription(description)
      if (description.type === 'offer') for (const transceiver of this.getTransceivers()) choose(transceiver)
    }
  }
  try {
    return await work()
  } finally {
    globalThis.RTCPeerConnection = Native
  }
}

async function codecAt(person: Person): Promise<string> {
  const seen = person.room.remoteParticipants.get('ana')?.getTrackPublication(camera)
  return (await codecOf(seen?.track?.receiver)).toLowerCase()
}

const shows = (person: Person, codec: string) =>
  until(`${codec} at ${person.me.identity}`, async () => (await codecAt(person)) === codec)

/** Frames come while others have come before. */
async function goesOn(person: Person): Promise<void> {
  const seen = await person.publication('ana', camera)
  const before = await decoded(seen)
  await until(`more pictures at ${person.me.identity}`, async () => (await decoded(seen)) > before + 5)
}

/** Ana publishes in a codec that cho decodes and ben, who comes later, does not. */
async function publishTo(stage: Stage, options: TrackPublishOptions) {
  const ana = await stage.join('ana')
  await ana.me.publishTrack(stage.picture({ width: 640, height: 360 }), { source: camera, ...options })
  const cho = await stage.join('cho')
  await cho.receives('ana', camera)
  await shows(cho, `video/${options.videoCodec}`)
  const ben = await limited(() => stage.join('ben'))
  return { ana, ben, cho }
}

const where = ({ browser }: Setting) => browser === 'chromium'

export const codecs = [
  behaviour(
    'who does not decode VP9 receives the backup codec, and the others go over to it without a break',
    async (stage) => {
      const { ana, ben, cho } = await publishTo(stage, { videoCodec: 'vp9' })
      const { trackSid } = await ben.receives('ana', camera)
      same('the track', trackSid, own(ana, camera)?.trackSid)
      await shows(ben, 'video/vp8')
      await shows(cho, 'video/vp8')
      await Promise.all([goesOn(ben), goesOn(cho)])
      same('broken off', cho.heard(RoomEvent.TrackUnsubscribed).length, 0)
      same('refused', ben.heard(RoomEvent.TrackSubscriptionFailed).length, 0)
      const sends = () =>
        own(ana, camera)
          ?.track?.sender?.getParameters()
          .encodings.some(({ active }) => active)
      await until('VP9 is sent no more', () => sends() === false)
    },
    { where },
  ),
  behaviour(
    'where the publisher wishes to send both codecs, each receives the best that it decodes',
    async (stage) => {
      const { ben, cho } = await publishTo(stage, { videoCodec: 'vp9', backupCodecPolicy: 1 })
      await ben.receives('ana', camera)
      await shows(ben, 'video/vp8')
      await goesOn(cho)
      same('cho', await codecAt(cho), 'video/vp9')
    },
    { where },
  ),
  behaviour(
    'the backup of AV1 may be H.264',
    async (stage) => {
      const { ben } = await publishTo(stage, { videoCodec: 'av1', backupCodec: { codec: 'h264' } })
      await ben.receives('ana', camera)
      await shows(ben, 'video/h264')
    },
    { where, lacking: lacksLayersOfAv1, short: false },
  ),
  behaviour(
    'where there is no backup codec, who does not decode the track hears so',
    async (stage) => {
      const { ana, ben } = await publishTo(stage, { videoCodec: 'vp9', backupCodec: false })
      const [sid, who] = await ben.hears<[string, { identity: string }]>(RoomEvent.TrackSubscriptionFailed)
      same('which', [sid, who.identity], [own(ana, camera)?.trackSid, 'ana'])
    },
    { where },
  ),
]
