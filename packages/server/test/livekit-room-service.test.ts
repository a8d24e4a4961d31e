/** The room service, driven by LiveKit's own library. */
import { DataPacket, LeaveRequest, RpcAck, RpcError, RpcResponse } from '@livekit/protocol'
import {
  AgentDispatchClient,
  DataPacket_Kind,
  EgressClient,
  IngressClient,
  RoomServiceClient,
  SipClient,
  TwirpError,
} from 'livekit-server-sdk'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addTrack, connectActive, open } from './livekit-client.ts'
import { keys, startTestServer, type TestServer, tokenFor } from './livekit-server.ts'
import { createSimulatedEngine, type SimulatedEngine, section } from './livekit-simulated-engine.ts'

let engine: SimulatedEngine
let server: TestServer
let service: RoomServiceClient
beforeEach(async () => {
  engine = createSimulatedEngine()
  server = await startTestServer(engine)
  service = new RoomServiceClient(`http://${server.host}`, keys.apiKey, keys.apiSecret)
})
afterEach(() => server.close())

const codeOf = (request: Promise<unknown>) =>
  request.then(
    () => 'ok',
    (error) =>
      error instanceof TwirpError ? `${error.status} ${error.code}: ${error.message}` : `not a TwirpError: ${error}`,
  )

test('rooms are made, changed, listed and ended', async () => {
  const room = await service.createRoom({ name: 'hall', emptyTimeout: 60, maxParticipants: 7, metadata: 'm' })
  expect(room).toMatchObject({ name: 'hall', emptyTimeout: 60, maxParticipants: 7, metadata: 'm', numParticipants: 0 })
  expect(server.rooms).toEqual(['hall'])
  const again = await service.createRoom({ name: 'hall', departureTimeout: 5 })
  expect(again).toMatchObject({ sid: room.sid, emptyTimeout: 60, departureTimeout: 5, maxParticipants: 7 })
  await service.createRoom({ name: 'attic' })
  expect((await service.listRooms()).map(({ name }) => name)).toEqual(['hall', 'attic'])
  expect((await service.listRooms(['attic'])).map(({ name }) => name)).toEqual(['attic'])
  await service.deleteRoom('attic')
  expect((await service.listRooms()).map(({ name }) => name)).toEqual(['hall'])
  expect(await codeOf(service.deleteRoom('attic'))).toBe('404 not_found: requested room does not exist')
})

test('what is set of a room with people in it is told to them', async () => {
  const ana = await connectActive(server, 'ana')
  await service.createRoom({ name: 'hall', metadata: 'news', maxParticipants: 5 })
  const { room } = await ana.next('roomUpdate', ({ room }) => room?.metadata === 'news')
  expect(room).toMatchObject({ maxParticipants: 5, emptyTimeout: 300 })
})

test('nobody is in a room that is not there', async () => {
  expect(await service.listParticipants('attic')).toEqual([])
  const none = '404 not_found: participant does not exist'
  expect(await codeOf(service.getParticipant('attic', 'ana'))).toBe(none)
  expect(await codeOf(service.removeParticipant('attic', 'ana'))).toBe(none)
  expect(await codeOf(service.updateSubscriptions('attic', 'ana', [], true))).toBe(none)
})

test('what is not there is not found, whatever is asked of it', async () => {
  await connectActive(server, 'ana')
  const token = await tokenFor('admin', { room: 'hall', roomAdmin: true })
  const ask = async (method: string, body: object) => {
    const response = await fetch(`http://${server.host}/twirp/livekit.RoomService/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ room: 'hall', ...body }),
    })
    const { code, msg } = (await response.json()) as { code: string; msg: string }
    return `${response.status} ${code}: ${msg}`
  }
  const nobody = '404 not_found: participant does not exist'
  const bo = { identity: 'bo' }
  for (const method of ['GetParticipant', 'RemoveParticipant', 'MutePublishedTrack', 'UpdateParticipant'])
    expect(await ask(method, bo), method).toBe(nobody)
  expect(await ask('UpdateSubscriptions', { ...bo, track_sids: ['TR_x'] })).toBe(nobody)
  expect(await ask('PerformRpc', { destination_identity: 'bo', method: 'greet' })).toBe(nobody)
  expect(await ask('MutePublishedTrack', { identity: 'ana', track_sid: 'TR_x' })).toBe(
    '404 not_found: track does not exist',
  )
  await service.deleteRoom('hall')
  const nothing = '404 not_found: requested room does not exist'
  expect(await ask('SendData', { data: 'aGk=' })).toBe(nothing)
  expect(await ask('UpdateRoomMetadata', { metadata: 'm' })).toBe(nothing)
})

test('a room ends when nobody came in its time, and when nobody came back in its time', async () => {
  const rooms = async () => (await service.listRooms()).map(({ name }) => name)
  const pass = (ms: number) => {
    server.clock.now += ms
    server.livekit.tick()
  }
  await service.createRoom({ name: 'hall', emptyTimeout: 60, departureTimeout: 5 })
  await service.createRoom({ name: 'attic', emptyTimeout: 60 })
  pass(0)
  pass(59_000)
  expect(await rooms()).toEqual(['hall', 'attic'])
  const ana = await connectActive(server, 'ana')
  pass(1_000)
  expect(await rooms()).toEqual(['hall'])
  ana.say({ case: 'leave', value: new LeaveRequest() })
  await ana.closed
  pass(0)
  pass(4_000)
  expect(await rooms()).toEqual(['hall'])
  pass(1_000)
  expect(await rooms()).toEqual([])
})

test('time ends calls by itself, those too that begin after a time without any', async () => {
  for (const name of ['hall', 'attic']) {
    await service.createRoom({ name, emptyTimeout: 60 })
    server.clock.now += 61_000
    await expect.poll(() => server.livekit.stats().rooms).toBe(0)
  }
})

test.each([
  ['a description of the room', { metadata: 'x'.repeat(524_289) }, 'metadata size exceeds limits 524288'],
  ['a name', { name: 'x'.repeat(257) }, 'room name length exceeds limits: max length 256'],
])('%s that is too long is refused', async (_what, options, text) => {
  expect(await codeOf(service.createRoom({ name: 'hall', ...options }))).toBe(`400 invalid_argument: ${text}`)
  expect([await service.listRooms(), server.rooms]).toEqual([[], []])
})

test.each([
  [{ name: 'x'.repeat(257) }, 'name length exceeds limits 256'],
  [{ metadata: 'x'.repeat(524_289) }, 'metadata size exceeds limits 524288'],
  [{ attributes: { a: 'x'.repeat(65_536) } }, 'attribute size exceeds limits 65536'],
])('what is said of a participant has a limit: %#', async (details, text) => {
  await connectActive(server, 'ana')
  expect(await codeOf(service.updateParticipant('hall', 'ana', details))).toBe(`400 invalid_argument: ${text}`)
})

test('what this server has not is said clearly', async () => {
  const text = (name: string) => `501 unimplemented: ${name} is not available on this server`
  expect(await codeOf(service.moveParticipant('hall', 'ana', 'attic'))).toBe(text('RoomService.MoveParticipant'))
  expect(await codeOf(service.forwardParticipant('hall', 'ana', 'attic'))).toBe(text('RoomService.ForwardParticipant'))
  const [url, key, secret] = [`http://${server.host}`, keys.apiKey, keys.apiSecret] as const
  expect(await codeOf(new EgressClient(url, key, secret).listEgress())).toBe(text('Egress.ListEgress'))
  expect(await codeOf(new IngressClient(url, key, secret).listIngress())).toBe(text('Ingress.ListIngress'))
  expect(await codeOf(new SipClient(url, key, secret).listSipInboundTrunk())).toBe(text('SIP.ListSIPInboundTrunk'))
  const agents = new AgentDispatchClient(url, key, secret)
  expect(await codeOf(agents.createDispatch('hall', 'helper'))).toBe(text('AgentDispatchService.CreateDispatch'))
})

test('a full room says so, also to the page that asks why', async () => {
  await service.createRoom({ name: 'hall', maxParticipants: 1 })
  await connectActive(server, 'ana')
  const token = await tokenFor('bo')
  await expect(open(server, `access_token=${token}`).next('join')).rejects.toThrow('403')
  const response = await fetch(`http://${server.host}/rtc/validate?access_token=${token}`)
  expect([response.status, await response.text()]).toEqual([403, 'room has exceeded its max participants'])
  await connectActive(server, 'spy', { grant: { hidden: true } })
  await connectActive(server, 'ana')
})

test('participants are listed, changed and removed, and know why', async () => {
  const ana = await connectActive(server, 'ana', { more: { name: 'Ana' } })
  const bo = await connectActive(server, 'bo')
  expect((await service.listParticipants('hall')).map(({ identity }) => identity)).toEqual(['ana', 'bo'])
  expect(await service.getParticipant('hall', 'ana')).toMatchObject({ sid: ana.sid(), name: 'Ana', state: 2 })
  const changed = await service.updateParticipant('hall', 'ana', { metadata: 'srv', attributes: { a: '1' } })
  expect(changed).toMatchObject({ name: 'Ana', metadata: 'srv', attributes: { a: '1' } })
  await bo.next('update', ({ participants }) => participants[0]?.metadata === 'srv')
  await service.removeParticipant('hall', 'ana')
  expect(await ana.next('leave')).toMatchObject({ reason: 4, action: 0 })
  expect(await ana.closed).toBe(1000)
  expect(await codeOf(service.getParticipant('hall', 'ana'))).toBe('404 not_found: participant does not exist')
  await service.deleteRoom('hall')
  expect(await bo.next('leave')).toMatchObject({ reason: 5, action: 0 })
  expect(server.events.at(-1)).toMatchObject({ type: 'callChanged', room: 'hall', people: [] })
})

test('a track is muted from outside, and never unmuted', async () => {
  const ana = await connectActive(server, 'ana')
  addTrack(ana, { cid: 'mic', type: 0, source: 2 })
  const { track } = await ana.next('trackPublished')
  const sid = track?.sid ?? ''
  expect(await codeOf(service.mutePublishedTrack('hall', 'ana', sid, true))).toBe('404 not_found: track does not exist')
  ana.offer([section('1', 'mic', 'audio')])
  await ana.next('update', ({ participants }) => participants[0]?.tracks.length === 1)
  expect(await service.mutePublishedTrack('hall', 'ana', sid, true)).toMatchObject({ sid, muted: true })
  expect(await ana.next('mute')).toMatchObject({ sid, muted: true })
  const refused = await codeOf(service.mutePublishedTrack('hall', 'ana', sid, false))
  expect(refused).toBe('412 failed_precondition: remote unmute not enabled')
})

test('a track is unmuted from outside where who runs the server allows it', async () => {
  const other = await startTestServer(createSimulatedEngine(), { remoteUnmute: true })
  const outside = new RoomServiceClient(`http://${other.host}`, keys.apiKey, keys.apiSecret)
  const ana = await connectActive(other, 'ana')
  addTrack(ana, { cid: 'mic', type: 0, source: 2, muted: true })
  const { track } = await ana.next('trackPublished')
  ana.offer([section('1', 'mic', 'audio')])
  await ana.next('update', ({ participants }) => participants[0]?.tracks.length === 1)
  const sid = track?.sid ?? ''
  expect(await outside.mutePublishedTrack('hall', 'ana', sid, false)).toMatchObject({ sid, muted: false })
  expect(await ana.next('mute')).toMatchObject({ sid, muted: false })
  await other.close()
})

test('data that is sent again with the same mark is said once', async () => {
  await connectActive(server, 'ana')
  const nonce = Buffer.alloc(16, 7).toString('base64')
  const token = await tokenFor('admin', { roomAdmin: true })
  const send = (body: object) =>
    fetch(`http://${server.host}/twirp/livekit.RoomService/SendData`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ room: 'hall', data: 'aGk=', ...body }),
    }).then(({ status }) => status)
  expect([await send({ nonce }), await send({ nonce }), await send({}), await send({})]).toEqual([200, 200, 200, 200])
  expect(engine.sent.length).toBe(3)
  server.clock.now += 5 * 60_000
  await send({ nonce })
  expect(engine.sent.length).toBe(4)
})

test('who may publish no more loses the tracks at once', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  addTrack(ana, { cid: 'cam', type: 1, source: 1 })
  ana.offer([section('1', 'cam')])
  await bo.next('update', ({ participants }) => participants[0]?.tracks.length === 1)
  await service.updateParticipant('hall', 'ana', { permission: { canSubscribe: true, canPublishData: true } })
  await ana.next('trackUnpublished')
  await bo.next('update', ({ participants }) => participants[0]?.tracks.length === 0)
  const info = await ana.next('update', ({ participants }) => participants[0]?.permission?.canPublish === false)
  expect(info.participants[0]?.identity).toBe('ana')
  expect(engine.published.size).toBe(0)
})

test('data, subscriptions and the description of the room', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  const text = new TextEncoder().encode('hello')
  await service.sendData('hall', text, DataPacket_Kind.RELIABLE, { destinationIdentities: ['bo'], topic: 't' })
  const [sent] = engine.sent
  expect(sent).toMatchObject({ reliable: true, transports: [4] })
  const packet = DataPacket.fromBinary(sent?.payload ?? new Uint8Array())
  expect(packet).toMatchObject({ participantIdentity: '', participantSid: '' })
  expect(packet.value.value).toMatchObject({ topic: 't', payload: text })
  addTrack(ana, { cid: 'cam', type: 1, source: 1 })
  const { track } = await ana.next('trackPublished')
  ana.offer([section('1', 'cam')])
  await bo.next('offer', ({ midToTrackId }) => midToTrackId[1] === track?.sid)
  await service.updateSubscriptions('hall', 'bo', [track?.sid ?? ''], false)
  expect(engine.wanted.get(4)).toEqual([])
  expect(await service.updateRoomMetadata('hall', 'news')).toMatchObject({ metadata: 'news' })
  const { room } = await ana.next('roomUpdate', ({ room }) => room?.metadata === 'news')
  expect(room?.name).toBe('hall')
})

describe('a remote procedure of a participant', () => {
  /** Calls it; the caller is known to the participant by the id of the call. */
  async function call(more: object = {}) {
    const token = await tokenFor('admin', { roomAdmin: true })
    const sent = engine.sent.length
    const answered = fetch(`http://${server.host}/twirp/livekit.RoomService/PerformRpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ room: 'hall', destination_identity: 'ana', method: 'greet', payload: 'you', ...more }),
    }).then(async (response) => ({ status: response.status, ...((await response.json()) as object) }))
    while (engine.sent.length === sent) {
      const turn = new Promise<undefined>((done) => setImmediate(done, undefined))
      const early = await Promise.race([answered, turn])
      if (early) return { answered, id: '', packet: new DataPacket() }
    }
    const packet = DataPacket.fromBinary(engine.sent.at(-1)?.payload ?? new Uint8Array())
    return { answered, packet, id: packet.participantIdentity }
  }
  const say = (value: DataPacket['value'], transport = [...engine.open.keys()][0] ?? 0) =>
    engine.emit({
      type: 'dataReceived',
      transport,
      reliable: true,
      label: '_reliable',
      payload: Buffer.from(new DataPacket({ value }).toBinary()),
    })
  const acknowledge = (requestId: string) => say({ case: 'rpcAck', value: new RpcAck({ requestId }) })
  const respond = (requestId: string, value: RpcResponse['value']) =>
    say({ case: 'rpcResponse', value: new RpcResponse({ requestId, value }) })

  test('answers, and nobody else hears of it', async () => {
    await connectActive(server, 'ana')
    await connectActive(server, 'bo')
    const { answered, packet, id } = await call({ response_timeout_ms: 5_000 })
    expect(packet.value).toMatchObject({
      case: 'rpcRequest',
      value: { id, method: 'greet', payload: 'you', responseTimeoutMs: 5_000, version: 1 },
    })
    const before = engine.sent.length
    const bo = [...engine.open.keys()][2] ?? 0
    say({ case: 'rpcResponse', value: new RpcResponse({ requestId: id, value: { case: 'payload', value: 'no' } }) }, bo)
    expect(engine.sent.length).toBe(before + 1)
    acknowledge(id)
    respond(id, { case: 'payload', value: 'hello' })
    expect(await answered).toEqual({ status: 200, payload: 'hello' })
    expect(engine.sent.length).toBe(before + 1)
  })

  test.each<[string, object, (id: string) => unknown, number, string, string]>([
    ['fails by itself', {}, (id) => respond(id, failure(42, 'no way')), 500, 'internal', 'RpcError 42: no way: why'],
    [
      'is not there',
      {},
      (id) => respond(id, failure(1400, 'none')),
      400,
      'invalid_argument',
      'RpcError 1400: none: why',
    ],
    ['does not begin', {}, () => server.pass(7_000), 408, 'canceled', 'RpcError 1501: Connection timeout'],
    [
      'takes too long',
      { response_timeout_ms: 9_000 },
      (id) => {
        acknowledge(id)
        server.pass(9_000)
      },
      408,
      'canceled',
      'RpcError 1502: Response timeout',
    ],
    [
      'loses its participant',
      {},
      () => service.removeParticipant('hall', 'ana'),
      404,
      'not_found',
      'RpcError 1503: Recipient disconnected',
    ],
    [
      'is given too much',
      { payload: 'x'.repeat(15_361) },
      () => {},
      400,
      'invalid_argument',
      'RpcError 1402: Request payload too large',
    ],
    ['has no name of a participant', { destination_identity: '' }, () => {}, 400, 'invalid_argument', 'destination'],
  ])('%s', async (_what, more, then, status, code, msg) => {
    await connectActive(server, 'ana')
    const { answered, id } = await call(more)
    then(id)
    expect(await answered).toMatchObject({ status, code, msg: expect.stringContaining(msg) })
  })

  test.each([
    ['to begin', {}, 7_000],
    ['to begin, where it may be ended sooner', { response_timeout_ms: 1_234 }, 1_234],
    ['to end', { response_timeout_ms: 7_001 }, 7_001],
  ])('has its time %s to the millisecond', async (_what, more, timeout) => {
    await connectActive(server, 'ana')
    const { answered, id } = await call(more)
    if (timeout > 7_000) acknowledge(id)
    server.pass(timeout - 1)
    expect(server.timers()).toBeGreaterThan(0)
    server.pass(1)
    expect(server.timers()).toBe(0)
    expect(await answered).toMatchObject({ status: 408 })
  })

  test('is watched no longer when it has ended', async () => {
    await connectActive(server, 'ana')
    const { answered, id } = await call()
    expect(server.timers()).toBe(2)
    respond(id, { case: 'payload', value: 'hello' })
    expect(server.timers()).toBe(0)
    expect((await answered).status).toBe(200)
  })

  const failure = (code: number, message: string): RpcResponse['value'] => ({
    case: 'error',
    value: new RpcError({ code, message, data: 'why' }),
  })
})
