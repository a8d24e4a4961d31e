// LiveKit's command line client and its load test, both on the Go SDK: the dual form, DTLS passive, Pion's timing.
import { spawn, spawnSync } from 'node:child_process'
import { until } from '../e2e/stage/until.ts'
import type { Report } from './report.ts'
import type { Server } from './servers.ts'
import { type Trial, tryAll } from './trial.ts'

/** What the load test's pictures and sounds carry, in kbit/s, as the real server brought them; a little less is still right. */
const VOICE = 20
const SMALL_PICTURE = 70
const DURATION_S = 10

interface Load {
  videos: number
  voices: number
  subscribers: number
}

export async function runLk(server: Server, lk: string, only: string, report: Report): Promise<void> {
  const version = /\d[\d.]+/.exec(spawnSync(lk, ['--version'], { encoding: 'utf8' }).stdout)?.[0] ?? ''
  const behaviours: Record<string, (trial: Trial) => Promise<void>> = {
    'lk: room join --publish-demo is seen by name, with its layers': (trial) => publishesDemo(lk, trial),
    'lk: room create, list, update and delete': (trial) => keepsRooms(lk, trial),
    'lk: load-test of video: nothing lost, everybody gets their bytes': (trial) =>
      carries(lk, trial, { videos: 2, voices: 0, subscribers: 6 }),
    'lk: load-test of voices: nothing lost, everybody gets their bytes': (trial) =>
      carries(lk, trial, { videos: 0, voices: 4, subscribers: 8 }),
    'lk: load-test of a meeting: nothing lost, everybody gets their bytes': (trial) =>
      carries(lk, trial, { videos: 3, voices: 3, subscribers: 4 }),
  }
  const wanted = Object.entries(behaviours).filter(([name]) => name.includes(only))
  if (wanted.length > 0) await tryAll(`lk ${version}`, server, Object.fromEntries(wanted), report)
}

function at({ url, server }: Trial): string[] {
  return ['--url', url, '--api-key', server.keys.apiKey, '--api-secret', server.keys.apiSecret]
}

function run(lk: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(lk, args, { encoding: 'utf8', timeout: 90_000 })
  if (status !== 0) throw new Error(`lk ${args[0]} ended with ${status}: ${stderr.trim().slice(-500)}`)
  return stdout
}

async function publishesDemo(lk: string, trial: Trial): Promise<void> {
  const child = spawn(lk, ['room', 'join', ...at(trial), '--identity', 'demo', '--publish-demo', trial.room], {
    stdio: 'ignore',
  })
  try {
    const seen = await until(
      'the demo',
      async () =>
        (await trial.service.listParticipants(trial.room).catch(() => [])).find(({ identity }) => identity === 'demo')
          ?.tracks ?? [],
      (tracks) => tracks.length === 1,
    )
    const [track] = seen
    if (track?.name !== 'demo' || track.layers.length !== 3)
      throw new Error(`seen ${track?.name} in ${track?.layers.length} layers`)
  } finally {
    child.kill('SIGINT')
  }
  await until(
    'the demo having left',
    () => trial.service.listParticipants(trial.room).catch(() => []),
    (all) => all.length === 0,
  )
}

async function keepsRooms(lk: string, trial: Trial): Promise<void> {
  run(lk, ['room', 'create', ...at(trial), trial.room])
  if (!run(lk, ['room', 'list', ...at(trial)]).includes(trial.room)) throw new Error('the room is not listed')
  run(lk, ['room', 'update', ...at(trial), '--metadata', 'agenda', trial.room])
  const [room] = await trial.service.listRooms([trial.room])
  if (room?.metadata !== 'agenda') throw new Error(`the metadata are ${room?.metadata}`)
  run(lk, ['room', 'delete', ...at(trial), trial.room])
  if ((await trial.service.listRooms([trial.room])).length > 0) throw new Error('the room is still there')
}

async function carries(lk: string, trial: Trial, { videos, voices, subscribers }: Load): Promise<void> {
  const counts = ['--video-publishers', videos, '--audio-publishers', voices, '--subscribers', subscribers]
  const text = run(lk, [
    'load-test',
    ...at(trial),
    '--room',
    trial.room,
    ...counts.map(String),
    '--duration',
    `${DURATION_S}s`,
    '--layout',
    '4x4',
  ])
  const rows = text
    .slice(text.indexOf('Subscriber summaries'))
    .split('\n')
    .map((line) => line.split('│').map((cell) => cell.trim()))
    .filter(([, tester]) => tester?.startsWith('Sub '))
  if (rows.length !== subscribers)
    throw new Error(`${rows.length} of ${subscribers} subscribers are in the table:\n${text.slice(-1_500)}`)
  const least = videos * SMALL_PICTURE + voices * VOICE
  for (const [, tester, tracks, bitrate = '', loss, error] of rows) {
    if (tracks !== `${videos + voices}/${videos + voices}`) throw new Error(`${tester} has ${tracks} tracks`)
    if (loss !== '0 (0%)') throw new Error(`${tester} lost ${loss}`)
    if (error !== '-') throw new Error(`${tester} failed: ${error}`)
    const kilobits = Number.parseFloat(bitrate) * (bitrate.includes('mbps') ? 1_000 : 1)
    if (!(kilobits >= least)) throw new Error(`${tester} received ${bitrate}, less than ${least}kbps`)
  }
}
