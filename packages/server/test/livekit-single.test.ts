/** Clients with one transport for both directions: they alone offer, and every answer says what they receive on which section. */
import { ConnectionSettings } from '@livekit/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addTrack, connectActive, connectSingle, open, packJoin, spare, type TestClient } from './livekit-client.ts'
import { startTestServer, type TestServer, tokenFor } from './livekit-server.ts'
import { createSimulatedEngine, type SimulatedEngine, section } from './livekit-simulated-engine.ts'

let engine: SimulatedEngine
let server: TestServer
beforeEach(async () => {
  engine = createSimulatedEngine()
  server = await startTestServer(engine)
})
afterEach(() => server.close())

/** Publishes one track beside the sections to receive on, and gives its sid. */
async function publish(client: TestClient, kind: 'audio' | 'video', mid: string, more = spare(3, 3)): Promise<string> {
  const cid = `${kind}-${mid}`
  addTrack(client, { cid, type: kind === 'audio' ? 0 : 1, source: kind === 'audio' ? 2 : 1, name: cid })
  const { track } = await client.next('trackPublished')
  client.offer([...more, section(mid, cid, kind)], Number(mid))
  await client.next('answer', ({ id }) => id === Number(mid))
  return track?.sid ?? ''
}

test('the join comes first, the bundled offer is answered, and one transport makes the participant active', async () => {
  const ana = await connectSingle(server, 'ana')
  expect(ana.cases()).toEqual(['join', 'refreshToken', 'answer', 'update'])
  const [join, , answer] = ana.heard
  expect(join?.case === 'join' && join.value).toMatchObject({ subscriberPrimary: false, fastPublish: true })
  expect(answer?.case === 'answer' && answer.value).toMatchObject({ type: 'answer', id: 1, midToTrackId: {} })
  expect([...engine.open.values()]).toEqual(['single'])
})

test('an offer that comes after the join is answered as well', async () => {
  const token = await tokenFor('ana')
  const ana = open(server, `access_token=${token}&${packJoin({})}`, false, '/rtc/v1')
  await ana.next('join')
  ana.offer(spare(3, 3), 1)
  expect((await ana.next('answer')).id).toBe(1)
})

test.each([
  [{}, true],
  [{ subscriberAllowPause: false }, true],
  [{ subscriberAllowPause: true }, false],
])('pictures are paused for who allows it alone: %o', async (settings, kept) => {
  await connectSingle(server, 'bo', { connectionSettings: new ConnectionSettings(settings) })
  expect(engine.take('openTransport').map(({ keepPictures }) => keepPictures ?? false)).toEqual([kept])
})

test('the first answer already carries what is there, and nothing is asked for', async () => {
  const ana = await connectSingle(server, 'ana')
  const [voice, picture] = [
    await publish(ana, 'audio', '6'),
    await publish(ana, 'video', '7', [...spare(3, 3), section('6', 'audio-6', 'audio')]),
  ]
  const bo = await connectSingle(server, 'bo')
  const [join, , ...rest] = bo.heard
  expect(join?.case === 'join' && join.value.otherParticipants[0]?.tracks.map(({ sid }) => sid)).toEqual([
    voice,
    picture,
  ])
  const answer = rest.find((each) => each.case === 'answer')
  expect(answer?.value.midToTrackId).toEqual({ 0: voice, 3: picture })
  await bo.settled()
  expect(bo.cases()).not.toContain('mediaSectionsRequirement')
  expect(await ana.next('trackSubscribed')).toMatchObject({ trackSid: voice })
})

test('a new track is announced, asked for, and comes with the next answer', async () => {
  const ana = await connectSingle(server, 'ana')
  const bo = await connectSingle(server, 'bo', { media: spare(1, 0) })
  const sid = await publish(ana, 'video', '6')
  const needed = await bo.next('mediaSectionsRequirement')
  expect(needed).toMatchObject({ numAudios: 0, numVideos: 1 })
  const cases = bo.cases()
  expect(cases.lastIndexOf('update')).toBeLessThan(cases.indexOf('mediaSectionsRequirement'))
  bo.offer(spare(1, 1), 2)
  expect(await bo.next('answer', ({ id }) => id === 2)).toMatchObject({ midToTrackId: { 1: sid } })
  expect(await ana.next('trackSubscribed')).toMatchObject({ trackSid: sid })
})

test('where a section is free only an offer is asked for; a section that lost its track takes the next', async () => {
  const ana = await connectSingle(server, 'ana')
  const bo = await connectSingle(server, 'bo')
  const first = await publish(ana, 'video', '6')
  expect(await bo.next('mediaSectionsRequirement')).toMatchObject({ numAudios: 0, numVideos: 0 })
  bo.offer(spare(3, 3), 2)
  expect((await bo.next('answer', ({ id }) => id === 2)).midToTrackId).toEqual({ 3: first })
  ana.offer([...spare(3, 3), section('6', '', 'video', false)], 9)
  await bo.next('mediaSectionsRequirement')
  bo.offer(spare(3, 3), 3)
  expect((await bo.next('answer', ({ id }) => id === 3)).midToTrackId).toEqual({})
  const second = await publish(ana, 'video', '7')
  await bo.next('mediaSectionsRequirement')
  bo.offer(spare(3, 3), 4)
  expect((await bo.next('answer', ({ id }) => id === 4)).midToTrackId).toEqual({ 3: second })
})

test('tracks asked for along with joining are accepted before the answer', async () => {
  const token = await tokenFor('ana')
  const request = { addTrackRequests: [{ cid: 'mic', type: 0, source: 2, name: 'mic' }] }
  const media = [...spare(3, 3), section('6', 'mic', 'audio')]
  const ana = open(server, `access_token=${token}&${packJoin({ media, ...(request as object) })}`, false, '/rtc/v1')
  await ana.next('answer')
  expect(ana.cases().slice(0, 3)).toEqual(['join', 'refreshToken', 'trackPublished'])
  expect(engine.published.size).toBe(1)
})

test('without the wish nothing is received by itself', async () => {
  const ana = await connectSingle(server, 'ana')
  await publish(ana, 'video', '6')
  const bo = await connectSingle(server, 'bo', { connectionSettings: {} as never })
  await bo.settled()
  expect([...engine.wanted.values()].flat()).toEqual([])
})

test('both forms of client meet in one call, and data finds its way to either', async () => {
  const ana = await connectSingle(server, 'ana')
  const bo = await connectActive(server, 'bo')
  const sid = await publish(ana, 'audio', '6')
  expect((await bo.next('offer', ({ midToTrackId }) => midToTrackId[1] !== undefined)).midToTrackId).toEqual({ 1: sid })
  ana.say({ case: 'leave', value: {} as never })
  await ana.closed
  await bo.next('update', ({ participants }) => participants.some((each) => each.state === 3))
  expect([...engine.open.values()].sort()).toEqual(['publisher', 'subscriber'])
})

test('an answer from a client that alone offers ends its stay', async () => {
  const ana = await connectSingle(server, 'ana')
  ana.say({ case: 'answer', value: { type: 'answer', sdp: '[]', id: 1 } as never })
  expect(await ana.next('leave')).toMatchObject({ reason: 6, action: 0 })
})
