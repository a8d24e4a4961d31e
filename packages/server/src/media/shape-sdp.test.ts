import { expect, test } from 'vitest'
import { codecsByMid, shapeSdp } from './shape-sdp.ts'

const sdp = [
  'v=0',
  'a=group:BUNDLE 0 1 2',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'a=mid:0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 63 111',
  'a=mid:1',
  'a=rtpmap:63 red/48000/2',
  'a=fmtp:63 111/111',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104',
  'a=mid:2',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=rtpmap:102 H264/90000',
  'a=rtpmap:103 rtx/90000',
  'a=rtpmap:104 H264/90000',
  '',
].join('\r\n')

test('the codecs of each section', () => {
  expect([...codecsByMid(sdp)]).toEqual([
    ['1', ['audio/red', 'audio/opus']],
    ['2', ['video/vp8', 'video/rtx', 'video/h264']],
  ])
})

test('the wished codec comes first and nothing else changes', () => {
  const shaped = shapeSdp(sdp, new Map([['2', { codec: 'video/h264' }]]))
  expect(shaped).toBe(sdp.replace('96 97 102 103 104', '102 104 96 97 103'))
})

test('parameters go to Opus of that section alone', () => {
  const shaped = shapeSdp(sdp, new Map([['1', { opus: 'stereo=1', codec: 'audio/opus' }]]))
  expect(shaped).toBe(sdp.replace('useinbandfec=1', 'useinbandfec=1;stereo=1').replace('63 111\r', '111 63\r'))
})

test.each([
  ['of sections that are not there', new Map([['9', { codec: 'video/h264' }]])],
  ['for codecs that are not there', new Map([['2', { codec: 'video/av1' }]])],
  ['of none', new Map()],
])('wishes %s change nothing', (_what, wishes) => {
  expect(shapeSdp(sdp, wishes)).toBe(sdp)
  expect(shapeSdp('', wishes)).toBe('')
  expect(shapeSdp('junk\r\nm=video\r\n', wishes)).toBe('junk\r\nm=video\r\n')
})
