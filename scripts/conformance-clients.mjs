// Clients that npm does not bring. Each is found or made, once, in a cache folder; a sentence where that cannot be.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { run, step, windows } from './progress.mjs'

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'maru-conformance')
const python = { livekit: '1.2.1', 'livekit-api': '1.2.2' }

export const pythonVersions = Object.entries(python)
  .map(([name, version]) => `${name} ${version}`)
  .join(', ')

/** An interpreter that has the packages in exactly these versions: `{ file }` or why not. */
export async function findPython() {
  const folder = join(cache, `python-${Object.values(python).join('-')}`)
  const file = join(folder, windows ? 'Scripts/python.exe' : 'bin/python')
  const made = join(folder, 'made')
  if (existsSync(made)) return { file }
  const wanted = Object.entries(python).map(([name, version]) => `${name}==${version}`)
  try {
    await step(`python ${pythonVersions}`, async () => {
      mkdirSync(cache, { recursive: true })
      await run('python3', ['-m', 'venv', '--clear', folder])
      await run(file, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...wanted])
      writeFileSync(made, '')
    })
    return { file }
  } catch ({ output }) {
    return `python3 with venv and ${wanted.join(' ')} cannot be had here: ${output.trim().split('\n').at(-1)}`
  }
}

const SAMPLES = {
  h264: [
    ...['butterfly', 'cartoon'].flatMap((name, at) => [
      [`${name}_180_${[150, 120][at]}`, '320x180', 15, [150, 120][at]],
      [`${name}_360_400`, '640x360', 20, 400],
      [`${name}_720_${[2000, 1500][at]}`, '1280x720', 30, [2000, 1500][at]],
    ]),
    ['circles_p180_200', '180x240', 15, 200],
    ['circles_p360_700', '360x480', 20, 700],
    ['circles_p540_2000', '540x720', 30, 2000],
  ],
  ivf: ['crescent', 'neon', 'tunnel'].flatMap((name) => [
    [`${name}_180_150`, '320x180', 15, 150],
    [`${name}_360_600`, '640x360', 20, 600],
    [`${name}_720_2000`, '1280x720', 30, 2000],
  ]),
  ogg: ['amelia', 'benjamin', 'clint', 'elena', 'emma', 'ken', 'sophie'],
}
/** Desktop parts of lk that need C libraries for sound; nothing here uses them. */
const DESKTOP = ['cmd/lk/console.go', 'cmd/lk/console_tui.go', 'pkg/console/pipeline.go']
/** What lk 2.18.3 builds with; the version its go.mod names cannot be had. */
const PROTOCOL = 'github.com/livekit/protocol@v1.50.5-0.20260728075222-28e604c046c6'

/**
 * LiveKit's command line client: named in LK, on PATH, or built from `source`, a checkout of livekit/livekit-cli v2.18.3, with Go and
 * ffmpeg (its samples are not in the repository). `{ file }` or why not.
 */
export async function findLk(source) {
  const file = join(cache, 'lk')
  const named = process.env.LK
  if (named) return existsSync(named) ? { file: named } : `LK names ${named}, which is not there`
  const found = [...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'lk')), file]
  const there = found.find((each) => existsSync(each))
  if (there) return { file: there }
  if (!source)
    return 'put lk on PATH, name it in LK, or name a checkout of livekit/livekit-cli with --lk-source (needs Go and ffmpeg)'
  if (!existsSync(join(source, 'cmd/lk'))) return `${source} is no checkout of livekit/livekit-cli`
  const folder = mkdtempSync(join(tmpdir(), 'maru-lk-'))
  try {
    await step('lk (Go, some minutes the first time)', () => buildLk(source, folder, file))
    return { file }
  } catch ({ output, message }) {
    return `lk could not be built: ${(output ?? message).trim().split('\n').at(-1)}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function buildLk(source, folder, file) {
  cpSync(source, folder, { recursive: true })
  for (const name of DESKTOP) rmSync(join(folder, name), { force: true })
  await makeSamples(join(folder, 'pkg/provider/resources'))
  const go = existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : 'go'
  const options = { cwd: folder, env: { ...process.env, CGO_ENABLED: '0' } }
  await run(go, ['mod', 'edit', '-require', PROTOCOL], options)
  await run(go, ['mod', 'tidy', '-e'], options)
  mkdirSync(cache, { recursive: true })
  await run(go, ['build', '-o', file, './cmd/lk'], options)
}

/** Moving pictures with a key frame every three seconds, and tones with one packet a page: the load test sends page by page. */
async function makeSamples(folder) {
  const ffmpeg = (input, output) =>
    run('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', '-f', 'lavfi', '-i', input, '-t', '6', ...output])
  const rate = (kilobits) => [
    '-b:v',
    `${kilobits}K`,
    '-maxrate',
    `${kilobits}K`,
    '-bufsize',
    `${kilobits}K`,
    '-pix_fmt',
    'yuv420p',
  ]
  for (const [name, size, fps, kilobits] of SAMPLES.h264) {
    const codec = [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-profile:v',
      'baseline',
      '-x264-params',
      `keyint=${fps * 3}:slices=1`,
      '-bf',
      '0',
    ]
    await ffmpeg(`testsrc2=s=${size}:r=${fps}`, [
      ...codec,
      ...rate(kilobits),
      '-bsf:v',
      'h264_mp4toannexb',
      join(folder, `${name}.h264`),
    ])
  }
  for (const [name, size, fps, kilobits] of SAMPLES.ivf) {
    const codec = [
      '-c:v',
      'libvpx',
      '-deadline',
      'realtime',
      '-cpu-used',
      '8',
      '-minrate',
      `${kilobits}K`,
      '-g',
      `${fps * 3}`,
      '-auto-alt-ref',
      '0',
    ]
    await ffmpeg(`testsrc=s=${size}:r=${fps}`, [...codec, ...rate(kilobits), join(folder, `${name}.ivf`)])
  }
  for (const [number, name] of SAMPLES.ogg.entries()) {
    const codec = [
      '-c:a',
      'libopus',
      '-b:a',
      '24k',
      '-frame_duration',
      '20',
      '-application',
      'voip',
      '-page_duration',
      '20000',
    ]
    await ffmpeg(`sine=f=${220 + 40 * number}:r=48000`, [
      '-af',
      'tremolo=f=3:d=0.9,volume=0.5',
      ...codec,
      join(folder, `change-${name}.ogg`),
    ])
  }
}
