import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addTrack, connect, connectActive, open, type TestClient } from './livekit-client.ts'
import { startTestServer, type TestServer, tokenFor } from './livekit-server.ts'
import { createSimulatedEngine, type SimulatedEngine, section } from './livekit-simulated-engine.ts'

let engine: SimulatedEngine
let server: TestServer
beforeEach(async () => {
  engine = createSimulatedEngine()
  server = await startTestServer(engine)
})
afterEach(() => server.close())

/** Publishes one track and gives its sid. */
async function publish(client: TestClient, kind: 'audio' | 'video', source: number, cid: string): Promise<string> {
  addTrack(client, { cid, type: kind === 'audio' ? 0 : 1, source, name: cid })
  const { track } = await client.next('trackPublished')
  client.offer([section('1', cid, kind)], 3)
  await client.next('update', (update) => update.participants.some((each) => each.tracks.some((it) => it.mid === '1')))
  return track?.sid ?? ''
}

describe('joining', () => {
  test('the join comes first, then a token and an offer, and the join holds what clients cannot do without', async () => {
    const ana = await connect(server, 'ana', { more: { name: 'Ana', metadata: 'm' }, query: 'client_protocol=2' })
    await ana.next('offer')
    expect(ana.cases().slice(0, 3)).toEqual(['join', 'refreshToken', 'offer'])
    const join = ana.heard[0]
    if (join?.case !== 'join') throw new Error('no join')
    const { room, participant, serverInfo, ...rest } = join.value
    expect(room).toMatchObject({ name: 'hall', sid: expect.stringMatching(/^RM_/), emptyTimeout: 300 })
    expect(participant).toMatchObject({
      sid: expect.stringMatching(/^PA_/),
      identity: 'ana',
      name: 'Ana',
      metadata: 'm',
      state: 0,
      version: 0,
      clientProtocol: 2,
      permission: { canPublish: true, canSubscribe: true, canPublishData: true, canUpdateMetadata: true },
    })
    expect(serverInfo).toMatchObject({ version: '1.13.6', protocol: 17, nodeId: 'ND_test', edition: 0 })
    expect(rest).toMatchObject({ subscriberPrimary: true, fastPublish: true, pingInterval: 5, pingTimeout: 15 })
    expect(rest.iceServers).toEqual([])
    expect(rest.enabledPublishCodecs[0]?.mime).toBe('video/VP8')
    expect(server.rooms).toEqual(['hall'])
  })

  test('a newcomer is announced at once, is active when its line stands, and versions grow', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connect(server, 'bo', { answers: false, more: { name: 'Bo' } })
    const joined = await ana.next('update')
    expect(joined.participants).toMatchObject([{ identity: 'bo', name: 'Bo', state: 1, version: 1 }])
    const offer = await bo.next('offer')
    bo.say({ case: 'answer', value: offer })
    const active = await ana.next('update')
    expect(active.participants).toMatchObject([{ identity: 'bo', state: 2, version: 2 }])
    expect((await bo.next('update')).participants).toMatchObject([{ identity: 'bo', state: 2, version: 2 }])
    const join = bo.heard[0]
    expect(join?.case === 'join' && join.value.otherParticipants.map((each) => each.identity)).toEqual(['ana'])
    expect(server.events.at(-1)).toEqual({
      type: 'callChanged',
      room: 'hall',
      people: [
        { identity: 'ana', name: 'ana' },
        { identity: 'bo', name: 'Bo' },
      ],
    })
  })

  test('who is hidden is seen by nobody and sees everybody', async () => {
    const ana = await connectActive(server, 'ana')
    const spy = await connectActive(server, 'spy', { grant: { hidden: true } })
    await ana.settled()
    expect(ana.heard.some((each) => each.case === 'update' && each.value.participants[0]?.identity === 'spy')).toBe(
      false,
    )
    const join = spy.heard[0]
    expect(join?.case === 'join' && join.value.otherParticipants.length).toBe(1)
    const bo = await connect(server, 'bo')
    const seen = bo.heard[0]
    expect(seen?.case === 'join' && seen.value.otherParticipants.map((each) => each.identity)).toEqual(['ana'])
  })

  test('an answer without an id is one to the newest offer', async () => {
    const ana = await connect(server, 'ana', { answers: false })
    const { id } = await ana.next('offer')
    ana.say({ case: 'answer', value: { type: 'answer', sdp: 'x' } as never })
    await ana.next('update')
    expect(engine.take('acceptAnswer')).toMatchObject([{ offer: id, sdp: 'x' }])
  })

  test('both kinds of ping are answered', async () => {
    const ana = await connect(server, 'ana')
    ana.say({ case: 'ping', value: 5n })
    ana.say({ case: 'pingReq', value: { timestamp: 77n, rtt: 3n } as never })
    expect(await ana.next('pong')).toBe(BigInt(server.clock.now))
    expect(await ana.next('pongResp')).toMatchObject({ lastPingTimestamp: 77n, timestamp: BigInt(server.clock.now) })
  })

  test('tokens are refreshed every five minutes', async () => {
    const ana = await connectActive(server, 'ana')
    await ana.next('refreshToken')
    server.clock.now += 5 * 60_000
    server.livekit.tick()
    const token = await ana.next('refreshToken')
    const again = open(server, `access_token=${token}`)
    expect((await again.next('join')).participant?.identity).toBe('ana')
    expect((await ana.next('leave')).reason).toBe(2)
  })
})

describe('publishing and receiving', () => {
  test('a track is accepted at once, and others hear of it when its media section is there', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    addTrack(ana, {
      cid: 'c',
      type: 1,
      source: 1,
      width: 640,
      height: 360,
      simulcastCodecs: [{ codec: 'vp8', cid: 'c' }],
    })
    const { cid, track } = await ana.next('trackPublished')
    expect(cid).toBe('c')
    expect(track).toMatchObject({ sid: expect.stringMatching(/^TR_VC/), type: 1, stream: 'camera', muted: false })
    expect(track?.codecs[0]?.mimeType).toBe('video/vp8')
    await bo.settled()
    const before = bo.heard.length
    ana.offer([section('1', 'c')], 4)
    expect(await ana.next('answer')).toMatchObject({ id: 4, type: 'answer' })
    const offer = await bo.next('offer', ({ midToTrackId }) => Object.keys(midToTrackId).length > 0)
    expect(offer.midToTrackId).toEqual({ 1: track?.sid })
    expect(bo.heard.slice(before).map((each) => each.case)).toEqual(['update', 'subscriptionPermissionUpdate', 'offer'])
    const update = bo.heard[before]
    expect(update?.case === 'update' && update.value.participants[0]).toMatchObject({
      identity: 'ana',
      isPublisher: true,
      tracks: [{ sid: track?.sid, mimeType: 'video/VP8', mid: '1', width: 640 }],
    })
    expect(await ana.next('trackSubscribed')).toMatchObject({ trackSid: track?.sid })
    const wanted = [...engine.wanted.values()].flat()
    expect(wanted).toMatchObject([{ track: track?.sid, streamId: `${ana.sid()}|${track?.sid}`, enabled: true }])
  })

  test('who joins later has everything in the first offer', async () => {
    const ana = await connectActive(server, 'ana')
    const sid = await publish(ana, 'audio', 2, 'mic')
    const bo = await connect(server, 'bo')
    expect(Object.values((await bo.next('offer')).midToTrackId)).toEqual([sid])
  })

  test('muting is shown to the others, and a section that sends no more ends its track', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    const sid = await publish(ana, 'audio', 2, 'mic')
    ana.say({ case: 'mute', value: { sid, muted: true } as never })
    const muted = await bo.next('update', ({ participants }) => participants[0]?.tracks[0]?.muted === true)
    expect(engine.published.get(sid)?.muted).toBe(true)
    ana.offer([section('1', 'mic', 'audio', false)], 5)
    const ended = await bo.next('update', ({ participants }) => participants[0]?.tracks.length === 0)
    expect(ended.participants[0]?.version).toBeGreaterThan(muted.participants[0]?.version ?? 99)
    expect(engine.published.size).toBe(0)
    expect([...engine.wanted.values()].flat()).toEqual([])
  })

  test('receiving is switched off and on, by either list, and repeating it changes nothing', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    const sid = await publish(ana, 'video', 1, 'cam')
    const wants = () => [...engine.wanted.values()].flat().length
    const say = async (subscribe: boolean, lists: object) => {
      bo.say({ case: 'subscription', value: { trackSids: [], participantTracks: [], subscribe, ...lists } as never })
      await bo.settled()
    }
    await bo.next('offer', ({ midToTrackId }) => midToTrackId[1] === sid)
    await say(false, { trackSids: [sid] })
    expect(wants()).toBe(0)
    await say(true, { participantTracks: [{ participantSid: ana.sid(), trackSids: [sid] }] })
    expect(wants()).toBe(1)
    engine.commands.length = 0
    await say(true, { participantTracks: [{ participantSid: ana.sid(), trackSids: [sid] }] })
    expect(engine.take('subscribe')).toEqual([])
  })

  test('without auto-subscribe nothing is received before it is asked for', async () => {
    const bo = await connectActive(server, 'bo', { query: 'auto_subscribe=0' })
    const ana = await connectActive(server, 'ana')
    const sid = await publish(ana, 'video', 1, 'cam')
    expect([...engine.wanted.values()].flat()).toEqual([])
    bo.say({ case: 'subscription', value: { trackSids: [sid], participantTracks: [], subscribe: true } as never })
    expect((await bo.next('offer', (offer) => offer.midToTrackId[1] === sid)).type).toBe('offer')
  })

  test('a disabled track keeps its place and stops flowing', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    const sid = await publish(ana, 'video', 1, 'cam')
    await ana.next('trackSubscribed')
    bo.say({ case: 'trackSetting', value: { trackSids: [sid], disabled: true } as never })
    await bo.settled()
    expect([...engine.wanted.values()].flat()).toMatchObject([{ track: sid, enabled: false }])
  })

  test('what a path does not carry and what nobody wants is said to those whom it concerns', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo', { query: 'adaptive_stream=1' })
    const sid = await publish(ana, 'video', 1, 'cam')
    await ana.next('trackSubscribed')
    bo.say({ case: 'trackSetting', value: { trackSids: [sid], width: 300, height: 200, priority: 2 } as never })
    await bo.settled()
    expect([...engine.wanted.values()].flat()).toMatchObject([{ track: sid, width: 300, height: 200, priority: 254 }])
    const transport = [...engine.wanted].find(([, tracks]) => tracks.length > 0)?.[0] ?? 0
    engine.emit({ type: 'subscriptionPaused', transport, track: sid }, { type: 'wantedLayers', track: sid, spatial: 3 })
    expect((await bo.next('streamStateUpdate')).streamStates).toMatchObject([
      { participantSid: ana.sid(), trackSid: sid, state: 1 },
    ])
    const all = [0, 1, 2].map((quality) => ({ quality, enabled: true }))
    expect(await ana.next('subscribedQualityUpdate')).toMatchObject({
      trackSid: sid,
      subscribedQualities: all,
      subscribedCodecs: [{ codec: 'vp8', qualities: all }],
    })
    engine.emit({ type: 'subscriptionResumed', transport, track: sid })
    expect((await bo.next('streamStateUpdate')).streamStates).toMatchObject([{ trackSid: sid, state: 0 }])
  })

  test.each([
    ['', true],
    ['subscriber_allow_pause=0', true],
    ['subscriber_allow_pause=1', false],
  ])('pictures are paused for who allows it alone: "%s"', async (query, kept) => {
    await connectActive(server, 'bo', { query })
    const opened = engine.take('openTransport').map(({ keepPictures }) => keepPictures ?? false)
    expect(opened).toEqual([kept, kept])
  })

  test('a publisher decides who receives', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    const sid = await publish(ana, 'video', 1, 'cam')
    await bo.next('subscriptionPermissionUpdate')
    const permit = (value: object) => ana.say({ case: 'subscriptionPermission', value: value as never })
    permit({ allParticipants: false, trackPermissions: [] })
    expect(await bo.next('subscriptionPermissionUpdate')).toMatchObject({ trackSid: sid, allowed: false })
    expect([...engine.wanted.values()].flat()).toEqual([])
    permit({
      allParticipants: false,
      trackPermissions: [{ participantIdentity: 'bo', allTracks: true, trackSids: [] }],
    })
    expect(await bo.next('subscriptionPermissionUpdate')).toMatchObject({ trackSid: sid, allowed: true })
    expect([...engine.wanted.values()].flat()).toMatchObject([{ track: sid }])
    permit({ trackPermissions: [{ participantSid: bo.sid(), trackSids: ['TR_other'] }] })
    expect(await bo.next('subscriptionPermissionUpdate')).toMatchObject({ trackSid: sid, allowed: false })
    permit({ trackPermissions: [{ participantSid: bo.sid(), trackSids: [sid] }] })
    expect(await bo.next('subscriptionPermissionUpdate')).toMatchObject({ trackSid: sid, allowed: true })
  })

  test.each([
    ['no right to publish', { canPublish: false }, { type: 1, source: 1 }, 2],
    ['another source than allowed', { canPublishSources: ['microphone'] }, { type: 1, source: 1 }, 2],
    ['a kind that is no media', {}, { type: 2, source: 0 }, 5],
    ['a further codec of an unknown track', {}, { type: 1, source: 1, sid: 'TR_nothing' }, 1],
  ])('a track is refused: %s', async (_what, grant, request, reason) => {
    const ana = await connectActive(server, 'ana', { grant })
    addTrack(ana, { cid: 'c', ...request })
    expect(await ana.next('requestResponse')).toMatchObject({
      requestId: 0,
      reason,
      request: { case: 'addTrack', value: { cid: 'c' } },
    })
  })

  test('no more than twenty tracks wait for their media', async () => {
    const ana = await connectActive(server, 'ana')
    for (let n = 0; n <= 20; n++) addTrack(ana, { cid: `c${n}`, type: 1, source: 1 })
    expect(await ana.next('requestResponse')).toMatchObject({ reason: 3, request: { value: { cid: 'c20' } } })
  })
})

describe('saying who one is', () => {
  test('the update of oneself comes first, then the token, then the answer', async () => {
    const ana = await connectActive(server, 'ana')
    const bo = await connectActive(server, 'bo')
    await ana.settled()
    const before = ana.heard.length
    const value = { name: 'Anna', metadata: '', attributes: { hat: 'red' }, requestId: 9 }
    ana.say({ case: 'updateMetadata', value: value as never })
    expect(await ana.next('requestResponse')).toMatchObject({ requestId: 9, reason: 0 })
    expect(ana.heard.slice(before).map((each) => each.case)).toEqual(['update', 'refreshToken', 'requestResponse'])
    const update = await bo.next('update', ({ participants }) => participants[0]?.name === 'Anna')
    expect(update.participants[0]?.attributes).toEqual({ hat: 'red' })
    expect(server.events.at(-1)).toMatchObject({ people: [{ name: 'Anna' }, { name: 'bo' }] })
    ana.say({ case: 'updateMetadata', value: { ...value, attributes: { hat: '' } } as never })
    const after = await bo.next('update')
    expect(after.participants[0]).toMatchObject({ name: 'Anna', attributes: {} })
  })

  test('a member who takes another nickname in the room has it in the call of that room, also on coming back', async () => {
    const ana = await connectActive(server, 'ME_ana', { more: { name: 'Ana' }, grant: { canUpdateOwnMetadata: false } })
    const bo = await connectActive(server, 'bo')
    const elsewhere = await connectActive(server, 'ME_ana', { more: { name: 'Ana' }, grant: { room: 'attic' } })
    await ana.settled()
    await ana.next('refreshToken')
    server.bus.publish({ type: 'memberRenamed', room: 'hall', member: 'ME_ana', name: 'Anna' })
    for (const client of [ana, bo]) {
      const update = await client.next('update', ({ participants }) => participants[0]?.name === 'Anna')
      expect(update.participants).toMatchObject([{ sid: ana.sid(), identity: 'ME_ana', name: 'Anna' }])
    }
    expect(decodeJwt(await ana.next('refreshToken')).name).toBe('Anna')
    expect(server.events.at(-1)).toMatchObject({
      type: 'callChanged',
      room: 'hall',
      people: [{ identity: 'ME_ana', name: 'Anna' }, { identity: 'bo' }],
    })
    const known = server.events.length
    server.bus.publish({ type: 'memberRenamed', room: 'hall', member: 'ME_ana', name: 'Anna' })
    server.bus.publish({ type: 'memberRenamed', room: 'hall', member: 'ME_nobody', name: 'x' })
    server.bus.publish({ type: 'memberRenamed', room: 'cellar', member: 'ME_ana', name: 'x' })
    expect(server.events.slice(known).map(({ type }) => type)).toEqual(Array(3).fill('memberRenamed'))
    await elsewhere.settled()
    expect(JSON.stringify(elsewhere.heard, (_key, value) => (typeof value === 'bigint' ? '' : value))).not.toContain(
      'Anna',
    )
  })

  test.each([
    ['without the right', { canUpdateOwnMetadata: false }, { name: 'x' }, 2],
    ['with a name too long', {}, { name: 'x'.repeat(257) }, 3],
    ['with metadata too long', {}, { metadata: 'x'.repeat(513 * 1024) }, 3],
    ['with attributes too long', {}, { attributes: { a: 'x'.repeat(65 * 1024) } }, 3],
  ])('is refused %s', async (_what, grant, details, reason) => {
    const ana = await connectActive(server, 'ana', { grant })
    const value = { name: '', metadata: '', attributes: {}, requestId: 1, ...details }
    ana.say({ case: 'updateMetadata', value: value as never })
    expect(await ana.next('requestResponse')).toMatchObject({ requestId: 1, reason })
  })
})

test('the server logs nothing above debug in all of this', async () => {
  const ana = await connectActive(server, 'ana')
  await publish(ana, 'audio', 2, 'mic')
  const token = await tokenFor('bo')
  expect(token).not.toBe('')
  expect(server.logged.filter(({ level }) => level !== 'debug')).toEqual([])
})
