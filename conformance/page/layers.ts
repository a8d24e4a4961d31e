// Spatial layers in one stream: a subscriber gets fewer of them and more again, and its decoder goes on.
import { Track, type VideoCodec, VideoQuality } from 'livekit-client'
import { behaviour } from './behaviour.ts'
import { codecOf, decoded, lacksLayersOfAv1, type Setting, type Stage, same, until, width } from './stage.ts'

const camera = Track.Source.Camera
/** Encoders make three layers of this, of 240, 480 and 960 pixels. */
const large = { width: 960, height: 540, rate: 10 }
const CHANGE_MS = 30_000

async function downAndUp(stage: Stage, videoCodec: VideoCodec, scalabilityMode: 'L3T3' | 'L3T3_KEY'): Promise<void> {
  const [ana, ben] = await stage.pair()
  await ana.me.publishTrack(stage.picture(large), {
    source: camera,
    videoCodec,
    scalabilityMode,
    backupCodec: false,
    // A busy machine makes fewer pictures, not smaller ones.
    degradationPreference: 'maintain-resolution',
  })
  const seen = await ben.receives('ana', camera)
  same('codec', (await codecOf(seen.track?.receiver)).toLowerCase(), `video/${videoCodec}`)
  const shows = async (pixels: number) => {
    let last = 0
    const comes = async () => {
      last = await width(seen)
      return last === pixels
    }
    await until(() => `${pixels} pixels of width (${last})`, comes, CHANGE_MS)
    const before = await decoded(seen)
    await until(`more pictures of ${pixels} pixels`, async () => (await decoded(seen)) > before + 15, CHANGE_MS)
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

const where = ({ browser }: Setting) => browser === 'chromium'

export const layers = [
  behaviour(
    'VP9: fewer spatial layers of one stream, and more again, are decoded without a break',
    (stage) => downAndUp(stage, 'vp9', 'L3T3_KEY'),
    { where, alone: true },
  ),
  behaviour(
    'the same with VP9 layers of which every higher picture needs the lower one',
    (stage) => downAndUp(stage, 'vp9', 'L3T3'),
    { where, alone: true, short: false },
  ),
  behaviour('the same with spatial layers of AV1', (stage) => downAndUp(stage, 'av1', 'L3T3_KEY'), {
    where,
    lacking: lacksLayersOfAv1,
    alone: true,
  }),
  behaviour(
    'the same with AV1 layers of which every higher picture needs the lower one',
    (stage) => downAndUp(stage, 'av1', 'L3T3'),
    { where, lacking: lacksLayersOfAv1, alone: true, short: false },
  ),
]
