// Spatial layers in one stream: a subscriber gets fewer of them and more again, and its decoder goes on.
import { Room, Track, VideoQuality } from 'livekit-client'
import { behaviour } from './behaviour.ts'
import { counterPicture } from './sources.ts'
import { codecOf, decoded, type LayersWish, lacksLayersOfAv1, type Stage, same, until, width } from './stage.ts'

const camera = Track.Source.Camera
/** Encoders make three layers of this, of 240, 480 and 960 pixels. */
const large = { width: 960, height: 540, rate: 10 }

type Layers = Pick<LayersWish, 'videoCodec' | 'scalabilityMode'>

async function publish(room: Room, picture: MediaStreamTrack, { videoCodec, scalabilityMode }: Layers): Promise<void> {
  await room.localParticipant.publishTrack(picture, {
    source: camera,
    videoCodec,
    scalabilityMode,
    backupCodec: false,
    // A busy machine makes fewer pictures, not smaller ones.
    degradationPreference: 'maintain-resolution',
  })
}

/** Shows a picture until the page ends. */
export async function showLayers({ url, token, ...wish }: LayersWish): Promise<void> {
  const room = new Room()
  await room.connect(url, token)
  await publish(room, counterPicture(large.width, large.height, large.rate), wish)
}

async function downAndUp(
  stage: Stage,
  videoCodec: Layers['videoCodec'],
  scalabilityMode: Layers['scalabilityMode'],
): Promise<void> {
  const ben = await stage.join('ben')
  if (stage.setting.browser === 'chromium') {
    const ana = await stage.join('ana')
    await publish(ana.room, stage.picture(large), { videoCodec, scalabilityMode })
  } else await stage.layersFromElsewhere({ videoCodec, scalabilityMode })
  const seen = await ben.receives('ana', camera)
  same('codec', (await codecOf(seen.track?.receiver)).toLowerCase(), `video/${videoCodec}`)
  const shows = async (pixels: number) => {
    let last = 0
    const comes = async () => {
      last = await width(seen)
      return last === pixels
    }
    await until(() => `${pixels} pixels of width (${last})`, comes)
    const before = await decoded(seen)
    await until(`more pictures of ${pixels} pixels`, async () => (await decoded(seen)) > before + 15)
  }
  await shows(960)
  for (const [quality, pixels] of [
    [VideoQuality.LOW, 240],
    [VideoQuality.HIGH, 960],
    [VideoQuality.MEDIUM, 480],
    [VideoQuality.LOW, 240],
    [VideoQuality.HIGH, 960],
  ] as const) {
    seen.setVideoQuality(quality)
    await shows(pixels)
  }
}

export const layers = [
  behaviour(
    'VP9: fewer spatial layers of one stream, and more again, are decoded without a break',
    (stage) => downAndUp(stage, 'vp9', 'L3T3_KEY'),
    { alone: true },
  ),
  behaviour(
    'the same with VP9 layers of which every higher picture needs the lower one',
    (stage) => downAndUp(stage, 'vp9', 'L3T3'),
    { alone: true, short: false },
  ),
  behaviour('the same with spatial layers of AV1', (stage) => downAndUp(stage, 'av1', 'L3T3_KEY'), {
    lacking: lacksLayersOfAv1,
    alone: true,
  }),
  behaviour(
    'the same with AV1 layers of which every higher picture needs the lower one',
    (stage) => downAndUp(stage, 'av1', 'L3T3'),
    { lacking: lacksLayersOfAv1, alone: true, short: false },
  ),
]
