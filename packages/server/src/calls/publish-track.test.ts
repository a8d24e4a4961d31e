import { describe, expect, test } from 'vitest'
import { offeredMedia, stageCall, trackRequest } from '../../test/staged-call.ts'
import type { OfferedMedia } from '../media/media-engine.ts'
import type { Call } from './call.ts'
import type { Effect } from './effect.ts'
import type { TrackRequest } from './track.ts'

/** A call with one participant, and a way to see what becomes of inputs. */
function enter() {
  const { call, say } = stageCall(['ana'])
  return { call, say: (input: Parameters<typeof say>[1]) => say('PA_ana', input) }
}

const media = (mid: string, trackId: string, kind: 'audio' | 'video' = 'video', sending = true) =>
  offeredMedia(mid, trackId, { kind, sending, mimeType: kind === 'video' ? 'video/VP8' : 'audio/opus' })

const codec = (name: string, cid: string) => ({ codec: name, cid, layers: [], layered: undefined })

/** Which cid was published with which section. */
function pairs(call: Call): Record<string, string> {
  const tracks = [...(call.participants.get('PA_ana')?.tracks.values() ?? [])]
  return Object.fromEntries(tracks.map((track) => [track.cid, track.mid]))
}

const outcomes = (effects: Effect[]) =>
  effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'requestAnswered' ? [effect.message.outcome] : [],
  )

describe('requests and media sections find each other', () => {
  test.each<[string, TrackRequest[], OfferedMedia[], Record<string, string>]>([
    [
      'by the track id',
      [trackRequest('a', 'video'), trackRequest('b', 'video')],
      [media('1', 'b'), media('2', 'a')],
      { a: '2', b: '1' },
    ],
    [
      'by the id of a codec',
      [trackRequest('a', 'video', { codecs: [codec('vp9', 'x')] })],
      [media('1', 'x')],
      { a: '1' },
    ],
    [
      'by the kind, where ids were changed',
      [trackRequest('a', 'audio'), trackRequest('b', 'video')],
      [media('1', '?')],
      { b: '1' },
    ],
    [
      'by the kind, first come first served',
      [trackRequest('a', 'video'), trackRequest('b', 'video')],
      [media('1', '')],
      { a: '1' },
    ],
    [
      'by exact ids first, so that a stranger takes nobody else’s place',
      [trackRequest('a', 'video'), trackRequest('b', 'video')],
      [media('1', 'stranger'), media('2', 'a')],
      { a: '2', b: '1' },
    ],
    ['never across kinds, even with the right id', [trackRequest('a', 'audio')], [media('1', 'a')], {}],
    ['not where nothing is sent', [trackRequest('a', 'video')], [media('1', 'a', 'video', false)], {}],
    ['not where nothing was asked', [], [media('1', 'a')], {}],
  ])('%s', (_how, requests, sections, expected) => {
    const first = enter()
    for (const request of requests) first.say({ type: 'addTrack', request, echo: undefined })
    first.say({ type: 'answered', offer: 1, sdp: '', media: sections, tracks: [] })
    expect(pairs(first.call)).toEqual(expected)
  })

  test('also when the media comes before the request', () => {
    const { call, say } = enter()
    say({ type: 'answered', offer: 1, sdp: '', media: [media('1', 'a'), media('2', 'b', 'audio')], tracks: [] })
    expect(pairs(call)).toEqual({})
    say({ type: 'addTrack', request: trackRequest('b', 'audio'), echo: undefined })
    say({ type: 'addTrack', request: trackRequest('other', 'video'), echo: undefined })
    expect(pairs(call)).toEqual({ b: '2', other: '1' })
  })

  test('a second request of the same id waits until the first track has ended', () => {
    const { call, say } = enter()
    say({ type: 'addTrack', request: trackRequest('a', 'video'), echo: undefined })
    say({ type: 'answered', offer: 1, sdp: '', media: [media('1', 'a')], tracks: [] })
    expect(outcomes(say({ type: 'addTrack', request: trackRequest('a', 'video'), echo: undefined }))).toEqual([
      'queued',
    ])
    const effects = say({
      type: 'answered',
      offer: 2,
      sdp: '',
      media: [media('1', 'a', 'video', false), media('2', 'a')],
      tracks: [],
    })
    expect(pairs(call)).toEqual({ a: '2' })
    expect(effects.flatMap((effect) => (effect.type === 'send' ? [effect.message.type] : []))).toEqual([
      'participantsChanged',
      'trackAccepted',
      'participantsChanged',
      'answer',
    ])
  })

  test('a further codec is accepted and takes no other request’s place', () => {
    const { call, say } = enter()
    say({ type: 'addTrack', request: trackRequest('a', 'video', { codecs: [codec('vp9', 'a')] }), echo: undefined })
    say({ type: 'answered', offer: 1, sdp: '', media: [media('1', 'a')], tracks: [] })
    const [sid = ''] = call.participants.get('PA_ana')?.tracks.keys() ?? []
    const request = trackRequest('a2', 'video', { codecs: [codec('vp8', 'a2')] })
    say({ type: 'addCodec', track: sid, request, echo: undefined })
    say({ type: 'addTrack', request: trackRequest('b', 'video'), echo: undefined })
    say({
      type: 'answered',
      offer: 2,
      sdp: '',
      media: [media('1', 'a'), media('2', 'a2'), media('3', '?')],
      tracks: [],
    })
    expect(pairs(call)).toEqual({ a: '1', b: '3' })
  })
})

test.each([
  ['vp8', 'video/vp8'],
  ['video/VP9', 'video/vp9'],
  ['h265', 'video/vp8'],
  ['', ''],
])('the codec for %j is %j', (asked, given) => {
  const { say } = enter()
  const request = trackRequest('a', 'video', { codecs: [codec(asked, 'a'), codec(asked, 'a')] })
  const [effect] = say({ type: 'addTrack', request, echo: undefined })
  const track = effect?.type === 'send' && effect.message.type === 'trackAccepted' ? effect.message.track : undefined
  expect(track?.codecs.map(({ mimeType }) => mimeType)).toEqual([given])
})

test.each([
  ['the codec that was asked for', [codec('h264', 'a'), codec('vp8', 'a2')], 'video/H264', '102 96'],
  ['the first that both speak', [codec('av1', 'a'), codec('vp8', 'a2')], 'video/VP8', '96 102'],
  ['what the engine prefers, where nothing was asked', [], 'video/VP8', '96 102'],
])('the answer prefers %s', (_what, codecs, mimeType, payloads) => {
  const { call, say } = enter()
  const sdp = 'v=0\r\nm=video 9 X 96 102\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:102 H264/90000\r\n'
  say({ type: 'addTrack', request: trackRequest('a', 'video', { codecs }), echo: undefined })
  const effects = say({ type: 'answered', offer: 1, sdp, media: [media('1', 'a')], tracks: [] })
  const answer = effects.find((effect) => effect.type === 'send' && effect.message.type === 'answer')
  expect(answer).toMatchObject({ message: { sdp: sdp.replace('96 102', payloads) } })
  const [track] = call.participants.get('PA_ana')?.tracks.values() ?? []
  expect(track?.mimeType).toBe(mimeType)
})

describe('what is too long is not kept', () => {
  const long = 'x'.repeat(1025)
  const layer = { quality: 'high', width: 1, height: 1, bitrate: 1, ssrc: 0, spatialLayer: 0, rid: long } as const
  test.each<[string, TrackRequest]>([
    ['the id of a track', trackRequest(long, 'video')],
    ['its name', trackRequest('a', 'video', { name: long })],
    ['its stream', trackRequest('a', 'video', { stream: long })],
    ['the id of a codec', trackRequest('a', 'video', { codecs: [codec('vp9', long)] })],
    ['the id of a layer', trackRequest('a', 'video', { layers: [layer] })],
  ])('%s', (_what, request) => {
    const { call, say } = enter()
    expect(outcomes(say({ type: 'addTrack', request, echo: undefined }))).toEqual(['limitExceeded'])
    say({ type: 'addTrack', request: trackRequest('b', 'video'), echo: undefined })
    const [known] = call.participants.get('PA_ana')?.pending ?? []
    const further = { type: 'addCodec', track: known?.sid ?? '', request, echo: undefined } as const
    expect(outcomes(say(further))).toEqual(['limitExceeded'])
    expect(JSON.stringify(call.participants.get('PA_ana')?.pending)).not.toContain(long)
  })

  test('a wish about a track', () => {
    const { call, say } = enter()
    say({ type: 'chooseTracks', tracks: ['TR_to_come', long], wanted: false })
    expect([...(call.participants.get('PA_ana')?.intents.keys() ?? [])]).toEqual(['TR_to_come'])
  })
})

test('the same inputs always have the same effects', () => {
  const play = () => {
    const { say } = enter()
    return [
      say({ type: 'addTrack', request: trackRequest('a', 'video'), echo: undefined }),
      say({ type: 'answered', offer: 1, sdp: '', media: [media('1', 'a')], tracks: [] }),
      say({ type: 'leave' }),
    ]
  }
  expect(play()).toEqual(play())
})
