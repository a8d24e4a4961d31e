import { describe, expect, test } from 'vitest'
import { commands, layer, offeredMedia, permissions, stageCall, told, trackRequest } from '../../test/staged-call.ts'
import type { Effect } from './effect.ts'
import type { TrackSettings } from './participant.ts'
import type { LayerQuality, VideoLayer } from './track.ts'

const three = [layer('high', 1280, 720), layer('low', 320, 180), layer('medium', 640, 360)]

/** Ana publishes a camera with these layers, and Bo receives it. */
function watch(layers: VideoLayer[] = three, { adaptiveStream = false, source = 'camera' as const } = {}) {
  const { call, run, pass, say } = stageCall(['ana', 'bo'], { adaptiveStream })
  const request = trackRequest('c', 'video', {
    source,
    width: Math.max(0, ...layers.map(({ width }) => width)),
    height: Math.max(0, ...layers.map(({ height }) => height)),
    layers,
  })
  const section = offeredMedia('1', 'c', { rids: ['q', 'h', 'f'].slice(0, layers.length) })
  say('PA_ana', { type: 'addTrack', request, echo: undefined })
  const published = say('PA_ana', { type: 'answered', offer: 1, sdp: '', media: [section], tracks: [] })
  const [sid = ''] = call.participants.get('PA_ana')?.tracks.keys() ?? []
  const set = (settings: Partial<TrackSettings>) => {
    const none = { disabled: false, quality: 0, width: 0, height: 0, fps: 0, priority: 0 }
    return say('PA_bo', { type: 'setTracks', tracks: [sid], settings: { ...none, ...settings } })
  }
  return { call, run, say, set, pass, sid, section, published }
}

const wanted = (effects: Effect[]) => commands(effects, 'subscribe').at(-1)?.wanted[0]

describe('what the engine is told that somebody wants', () => {
  test.each<[string, Partial<TrackSettings>, object]>([
    ['a size', { width: 300, height: 200 }, { width: 300, height: 200, enabled: true }],
    ['a size before a quality', { width: 300, height: 200, quality: 1 }, { width: 300, height: 200 }],
    ['a low quality as the size it has', { quality: 0 }, { width: 320, height: 180 }],
    ['a medium one', { quality: 1 }, { width: 640, height: 360 }],
    ['a frame rate', { quality: 2, fps: 15 }, { width: 0, fps: 15 }],
    ['nothing for now', { quality: 2, disabled: true }, { enabled: false }],
    ['the first before others', { quality: 2, priority: 1 }, { priority: 255 }],
    ['another before those that are not ranked', { quality: 2, priority: 4_000 }, { priority: 1 }],
  ])('%s', (_what, settings, expected) => {
    expect(wanted(watch().set(settings))).toMatchObject(expected)
  })

  test('everything, until something is said; a client that will say sizes begins with the least', () => {
    expect(wanted(watch().published)).toMatchObject({ width: 0, height: 0, fps: 0, priority: 0 })
    expect(wanted(watch(three, { adaptiveStream: true }).published)).toMatchObject({ width: 320, height: 180 })
  })

  test('what is said of several tracks at once is kept for each', () => {
    const it = watch()
    const settings = { disabled: true, quality: 2, width: 0, height: 0, fps: 0, priority: 0 }
    it.say('PA_bo', { type: 'setTracks', tracks: ['TR_later', it.sid], settings })
    const shown = it.say('PA_bo', { type: 'subscriptionStarted', track: it.sid })
    expect(wanted(shown)).toMatchObject({ enabled: true })
    expect(it.call.participants.get('PA_bo')?.intents.get('TR_later')?.settings).toMatchObject({ disabled: true })
  })

  test('with two layers the higher one for more than low, with none whatever there is', () => {
    const two = watch([layer('low', 320, 180), layer('high', 640, 360)])
    expect(wanted(two.set({ quality: 1 }))).toMatchObject({ width: 640, height: 360 })
    expect(wanted(watch([], { adaptiveStream: true }).published)).toMatchObject({ width: 0, height: 0 })
  })

  test('repeating it is no news', () => {
    const it = watch()
    it.set({ width: 300, height: 200 })
    expect(it.set({ width: 300, height: 200 })).toEqual([])
  })
})

test('the engine knows the sizes of the layers, lowest first, also when the picture turns', () => {
  const it = watch()
  const sizes = (effects: Effect[]) => commands(effects, 'describeTrack').map(({ layers, screen }) => [layers, screen])
  const across = [
    { width: 320, height: 180 },
    { width: 640, height: 360 },
    { width: 1280, height: 720 },
  ]
  expect(sizes(it.published)).toEqual([[across, false]])
  const turned = it.say('PA_ana', { type: 'describeTrack', track: it.sid, width: 720, height: 1280 })
  expect(sizes(turned)).toEqual([[across.map(({ width, height }) => ({ width: height, height: width })), false]])
})

describe('what nobody looks at need not be sent', () => {
  test.each<[number, number, LayerQuality[]]>([
    [3, 0, ['low']],
    [3, 1, ['low', 'medium']],
    [3, 2, ['low', 'medium', 'high']],
    [3, 3, ['low', 'medium', 'high']],
    [2, 0, ['low']],
    [2, 1, ['low', 'medium', 'high']],
    [1, 0, ['low', 'medium', 'high']],
  ])('of %i layers up to %i are wanted', (count, spatial, enabled) => {
    const sorted = [layer('low', 320, 180), layer('medium', 640, 360), layer('high', 1280, 720)]
    const it = watch(sorted.slice(0, count))
    const effects = it.run({ type: 'wantedLayers', track: it.sid, spatial })
    expect(told(effects, 'layersWanted')).toMatchObject([{ to: ['PA_ana'], track: it.sid, codec: 'vp8', enabled }])
  })

  test('it is said again after an answer and after muting, and not while muted', () => {
    const it = watch()
    it.run({ type: 'wantedLayers', track: it.sid, spatial: 0 })
    const mute = (muted: boolean) => told(it.say('PA_ana', { type: 'mute', track: it.sid, muted }), 'layersWanted')
    expect(mute(true)).toEqual([])
    expect(told(it.run({ type: 'wantedLayers', track: it.sid, spatial: 1 }), 'layersWanted')).toEqual([])
    expect(mute(false)).toMatchObject([{ enabled: ['low', 'medium'] }])
    const again = it.say('PA_ana', { type: 'answered', offer: 2, sdp: '', media: [it.section], tracks: [] })
    expect(again.map((effect) => effect.type === 'send' && effect.message.type)).toEqual(['answer', 'layersWanted'])
  })

  test('what nobody has looked at for five seconds is not sent at all, until somebody looks', () => {
    const it = watch()
    it.run({ type: 'wantedLayers', track: it.sid, spatial: 0 })
    const pass = (ms: number) => told(it.pass(ms), 'layersWanted').map(({ enabled }) => enabled)
    const choose = (wanted: boolean) =>
      told(it.say('PA_bo', { type: 'chooseTracks', tracks: [it.sid], wanted }), 'layersWanted')
    expect(pass(6_000)).toEqual([])
    expect(choose(false)).toEqual([])
    expect(pass(4_999)).toEqual([])
    expect(pass(1)).toEqual([[]])
    expect(pass(30_000)).toEqual([])
    expect(choose(true)).toMatchObject([{ to: ['PA_ana'], enabled: ['low'] }])
  })

  test('of what is received and switched off nothing is sent either', () => {
    const it = watch()
    it.set({ disabled: true })
    expect(told(it.pass(5_000), 'layersWanted')).toMatchObject([{ enabled: [] }])
    expect(told(it.set({ disabled: false }), 'layersWanted')).toMatchObject([{ enabled: ['low', 'medium', 'high'] }])
  })

  test('who publishes hidden from others is looked at by nobody', () => {
    const it = watch()
    const hide = (hidden: boolean) => {
      const details = { name: '', metadata: '', attributes: {} }
      return it.say('PA_ana', { type: 'updateOther', details, permissions: { ...permissions, hidden } })
    }
    hide(true)
    expect(told(it.pass(5_000), 'layersWanted')).toMatchObject([{ enabled: [] }])
    expect(told(hide(false), 'layersWanted')).toMatchObject([{ enabled: ['low', 'medium', 'high'] }])
  })

  test('somebody alone goes on sending, for whoever comes', () => {
    const it = watch()
    it.set({ disabled: true })
    it.pass(5_000)
    it.say('PA_bo', { type: 'leave' })
    expect(told(it.pass(1_000), 'layersWanted')).toMatchObject([{ enabled: ['low', 'medium', 'high'] }])
    expect(told(it.pass(10_000), 'layersWanted')).toEqual([])
  })

  test('a track that is not there wants nothing', () => {
    const it = watch()
    expect(it.run({ type: 'wantedLayers', track: 'TR_x', spatial: 0 })).toEqual([])
  })
})

test('who asked for a track that does not come hears so after a minute, once; what comes meanwhile is received', () => {
  const it = watch()
  const choose = (track: string, wanted: boolean) => it.say('PA_bo', { type: 'chooseTracks', tracks: [track], wanted })
  for (const [who, transport] of [
    ['PA_ana', 2],
    ['PA_bo', 4],
  ] as const)
    it.say(who, { type: 'connected', transport })
  choose('TR_never', true)
  choose('TR_given-up', true)
  choose(it.sid, true)
  it.pass(30_000)
  choose('TR_given-up', false)
  choose('TR_never', true)
  expect(told(it.pass(29_999), 'subscriptionFailed')).toEqual([])
  expect(told(it.pass(1), 'subscriptionFailed')).toEqual([
    { to: ['PA_bo'], type: 'subscriptionFailed', track: 'TR_never', why: 'notFound' },
  ])
  expect(told(it.pass(60_000), 'subscriptionFailed')).toEqual([])
  expect(it.call.participants.get('PA_bo')?.intents.has('TR_never')).toBe(false)
})

test('the subscriber hears that its path does not carry a track, and that it does again', () => {
  const it = watch()
  const hear = (type: 'subscriptionPaused' | 'subscriptionResumed') =>
    told(it.say('PA_bo', { type, track: it.sid }), 'subscriptionPaused')
  const message = { to: ['PA_bo'], publisher: 'PA_ana', track: it.sid }
  expect(hear('subscriptionPaused')).toMatchObject([{ ...message, paused: true }])
  expect(hear('subscriptionResumed')).toMatchObject([{ ...message, paused: false }])
  it.say('PA_bo', { type: 'chooseTracks', tracks: [it.sid], wanted: false })
  expect(hear('subscriptionPaused')).toEqual([])
})
