import { describe, expect, test } from 'vitest'
import { commands, layer, offeredMedia, stageCall, told, trackRequest } from '../../test/staged-call.ts'
import type { OfferedMedia } from '../media/media-engine.ts'
import type { Effect } from './effect.ts'
import type { LayerQuality, TrackRequest } from './track.ts'

const video = (mid: string, trackId: string, rids: string[] = []) =>
  offeredMedia(mid, trackId, { mimeType: 'video/VP9', rids })
const own = video('1', 'c9')
const backup = video('2', 'c8', ['q', 'h'])
/** What the answer has of codecs, as the engine writes it. */
const sdp = [
  'v=0\r\n',
  ...['1', '2'].map(
    (mid) => `m=video 9 UDP/TLS/RTP/SAVPF 96 98\r\na=mid:${mid}\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:98 VP9/90000\r\n`,
  ),
].join('')
const all: LayerQuality[] = ['low', 'medium', 'high']
const preferring = 0
const both = 1

/** Ana publishes a camera in VP9 and would in VP8 too; Bo and Cy receive it. */
function watch(backupCodecPolicy = preferring) {
  const { call, run, pass, say } = stageCall(['ana', 'bo', 'cy'], { single: true })
  const request = trackRequest('c9', 'video', {
    source: 'camera',
    width: 640,
    height: 360,
    layers: [layer('low', 160, 90), layer('medium', 320, 180), layer('high', 640, 360)],
    codecs: [
      { codec: 'vp9', cid: 'c9', layers: [], layered: undefined },
      { codec: 'vp8', cid: '', layers: [], layered: undefined },
    ],
    traits: { audioFeatures: [], encryption: 0, backupCodecPolicy, packetTrailerFeatures: [] },
  })
  const offer = (...media: OfferedMedia[]) => say('PA_ana', { type: 'answered', offer: 1, sdp, media, tracks: [] })
  say('PA_ana', { type: 'addTrack', request, echo: undefined })
  offer(own)
  const [sid = ''] = call.participants.get('PA_ana')?.tracks.keys() ?? []
  for (const who of ['PA_bo', 'PA_cy']) say(who, { type: 'subscriptionStarted', track: sid })
  const further: TrackRequest = {
    ...request,
    cid: 'c8',
    layers: [layer('medium', 640, 360), layer('low', 320, 180)],
    codecs: [{ codec: 'vp8', cid: 'c8', layers: [], layered: undefined }],
  }
  const fail = (track = sid, who = 'PA_bo') => say(who, { type: 'subscriptionFailed', track, codec: true })
  const add = () => say('PA_ana', { type: 'addCodec', track: sid, request: further, echo: undefined })
  const publish = () => {
    add()
    return offer(own, backup)
  }
  return { call, run, say, pass, offer, fail, add, publish, sid, id: `${sid}.vp8` }
}

/** What each transport was last told to carry of the track: `2 id on` or `off`. */
const carried = (effects: Effect[]) =>
  commands(effects, 'subscribe').map(({ transport, wanted }) =>
    [transport, ...wanted.map(({ track, enabled }) => `${track} ${enabled ? 'on' : 'off'}`)].join(' '),
  )

describe('somebody who does not decode the codec', () => {
  test('has the publisher asked for the other one, and hears of no failure', () => {
    const it = watch()
    const effects = it.fail()
    expect(told(effects, 'layersWanted')).toMatchObject([
      { to: ['PA_ana'], track: it.sid, codec: 'vp9', enabled: all, further: [{ codec: 'vp8', enabled: all }] },
    ])
    expect(told(effects, 'subscriptionFailed')).toEqual([])
    // Its media section is kept.
    expect(carried(effects)).toEqual([`2 ${it.sid} off`])
    // Another one who needs it asks for nothing new.
    expect(told(it.fail(it.sid, 'PA_cy'), 'layersWanted')).toEqual([])
  })

  test('receives the other codec as soon as it is there, as the same track', () => {
    const it = watch()
    it.fail()
    expect(told(it.add(), 'trackAccepted')).toMatchObject([{ to: ['PA_ana'], cid: 'c8', track: { sid: it.sid } }])
    const effects = it.publish()
    expect(commands(effects, 'publishTrack')).toEqual([{ type: 'publishTrack', track: it.id, transport: 1, mid: '2' }])
    const layers = [
      { width: 320, height: 180 },
      { width: 640, height: 360 },
    ]
    expect(commands(effects, 'describeTrack')).toMatchObject([{ track: it.id, layers }])
    expect(carried(effects)).toContain(`2 ${it.id} on`)
    const streams = commands(effects, 'subscribe').flatMap(({ wanted }) => wanted.map(({ streamId }) => streamId))
    expect(new Set(streams)).toEqual(new Set([`PA_ana|${it.sid}`]))
    const [update] = told(effects, 'participantsChanged')
    expect(update?.participants[0]?.tracks).toMatchObject([
      {
        sid: it.sid,
        mimeType: 'video/VP9',
        codecs: [
          { mimeType: 'video/VP9', mid: '1' },
          { mimeType: 'video/VP8', mid: '2', cid: 'c8', layers: [{ rid: 'q' }, { rid: 'h' }] },
        ],
      },
    ])
    const answer = it.say('PA_bo', {
      type: 'answered',
      offer: 3,
      sdp: `a=msid:PA_ana|${it.sid} ${it.id}`,
      media: [],
      tracks: [{ mid: '4', track: it.id }],
    })
    expect(told(answer, 'answer')).toMatchObject([
      { sdp: `a=msid:PA_ana|${it.sid} ${it.sid}`, tracks: [{ mid: '4', track: it.sid }] },
    ])
  })

  test('the publisher hears which codec its section is to have', () => {
    const it = watch()
    it.fail()
    const [answer] = told(it.publish(), 'answer')
    const firsts = [...(answer?.sdp.matchAll(/^m=video 9 UDP\/TLS\/RTP\/SAVPF (\d+)/gm) ?? [])].map(([, pt]) => pt)
    expect(firsts).toEqual(['98', '96'])
  })

  test('is known as such when it comes to the next track', () => {
    const it = watch()
    it.call.participants.get('PA_cy')?.undecodable.add('video/vp9')
    const effects = it.say('PA_cy', { type: 'chooseTracks', tracks: [it.sid], wanted: true })
    expect(told(effects, 'layersWanted')).toMatchObject([{ further: [{ codec: 'vp8', enabled: all }] }])
    expect(carried(it.publish())).toContain(`3 ${it.id} on`)
  })

  test('hears that it cannot have the track when it does not decode the other one either, or there is none', () => {
    const it = watch()
    it.fail()
    it.publish()
    expect(told(it.fail(it.id), 'subscriptionFailed')).toEqual([
      { to: ['PA_bo'], type: 'subscriptionFailed', track: it.sid, why: 'codec' },
    ])
    const other = watch()
    const refused = { type: 'subscriptionFailed', track: other.sid, codec: false } as const
    expect(told(other.say('PA_bo', refused), 'subscriptionFailed')).toMatchObject([{ why: 'unknown' }])
  })
})

describe('who decodes both', () => {
  test('goes over to the other codec too, and the first one rests', () => {
    const it = watch()
    it.fail()
    expect(carried(it.publish())).toEqual([`2 ${it.id} on`, `3 ${it.id} on`])
    expect(told(it.pass(5_000), 'layersWanted')).toMatchObject([
      { codec: 'vp9', enabled: [], further: [{ codec: 'vp8', enabled: all }] },
    ])
  })

  test('stays where the publisher wishes to send both', () => {
    const it = watch(both)
    it.fail()
    expect(carried(it.publish())).toEqual([`2 ${it.id} on`])
    expect(told(it.pass(5_000), 'layersWanted')).toEqual([])
  })

  test('comes back when the other codec ends', () => {
    const it = watch()
    it.fail()
    it.publish()
    const effects = it.offer(own, { ...backup, sending: false })
    expect(commands(effects, 'unpublishTrack')).toEqual([{ type: 'unpublishTrack', track: it.id }])
    expect(carried(effects)).toEqual([`2 ${it.sid} off`, `3 ${it.sid} on`])
  })
})

describe('a further codec', () => {
  test('has wanted layers, SSRCs and pauses of its own', () => {
    const it = watch()
    it.fail()
    it.publish()
    const wanted = it.run({ type: 'wantedLayers', track: it.id, spatial: 0 })
    expect(told(wanted, 'layersWanted')).toMatchObject([
      { enabled: all, further: [{ codec: 'vp8', enabled: ['low'] }] },
    ])
    it.run({ type: 'layerStarted', track: it.id, layer: { rid: 'h', ssrc: 77 } })
    const track = it.call.participants.get('PA_ana')?.tracks.get(it.sid)
    expect(track?.codecs[1]?.layers.map(({ ssrc }) => ssrc)).toEqual([0, 77])
    expect(track?.layers.map(({ ssrc }) => ssrc)).toEqual([0, 0, 0])
    const paused = it.say('PA_bo', { type: 'subscriptionPaused', track: it.id })
    expect(told(paused, 'subscriptionPaused')).toMatchObject([{ track: it.sid, paused: true }])
  })

  test('is muted and ends with its track', () => {
    const it = watch()
    it.fail()
    it.publish()
    const muted = commands(it.say('PA_ana', { type: 'mute', track: it.sid, muted: true }), 'setTrackMuted')
    expect(muted.map(({ track }) => track)).toEqual([it.sid, it.id])
    const ended = it.say('PA_ana', { type: 'leave' })
    expect(commands(ended, 'unpublishTrack').map(({ track }) => track)).toEqual([it.sid, it.id])
    expect(it.call.audiences.size).toBe(0)
  })

  test('is found by its kind where the client changes its track ids, and takes no request of another track', () => {
    const it = watch()
    it.fail()
    it.add()
    const renamed = { ...backup, trackId: '{other}' }
    expect(commands(it.offer(own, renamed), 'publishTrack')).toMatchObject([{ track: it.id, mid: '2' }])
    expect(commands(it.offer(own, renamed), 'publishTrack')).toEqual([])
  })

  test('that nobody published yet does not stand in the way of a section without a track id', () => {
    const it = watch()
    const request = { cid: 'other', kind: 'video', name: '', source: 'screen_share', layers: [], codecs: [] } as const
    const traits = { audioFeatures: [], encryption: 0, backupCodecPolicy: 0, packetTrailerFeatures: [] }
    const rest = { muted: false, width: 0, height: 0, stream: '', disableDtx: false, disableRed: false, stereo: false }
    it.say('PA_ana', { type: 'addTrack', request: { ...request, ...rest, layers: [], codecs: [], traits }, echo: 0 })
    expect(commands(it.offer(own, video('3', '')), 'publishTrack')).toMatchObject([{ mid: '3' }])
  })

  test('both may come with the first offer', () => {
    const it = watch()
    it.add()
    expect(commands(it.offer(own, backup), 'publishTrack')).toMatchObject([{ track: it.id }])
    expect(told(it.pass(5_000), 'layersWanted')).toMatchObject([{ enabled: [] }])
  })
})
