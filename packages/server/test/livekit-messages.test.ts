/** Messages that need little of the server, each once: what is passed on, what is answered as unsupported, what is passed over. */
import {
  AddTrackRequest,
  DataPacket,
  GetDataBlobRequest,
  PublishDataTrackRequest,
  RequestResponse_Reason,
  StoreDataBlobRequest,
  UnpublishDataTrackRequest,
  UpdateDataSubscription,
  UpdateLocalAudioTrack,
  UpdateLocalVideoTrack,
  UpdateVideoLayers,
} from '@livekit/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SignalAsk } from '../src/livekit/signal-codec.ts'
import { addTrack, connectActive } from './livekit-client.ts'
import { startTestServer, type TestServer } from './livekit-server.ts'
import { createSimulatedEngine, type SimulatedEngine, section } from './livekit-simulated-engine.ts'

let engine: SimulatedEngine
let server: TestServer
beforeEach(async () => {
  engine = createSimulatedEngine()
  server = await startTestServer(engine)
})
afterEach(() => server.close())

const packets: { [kind: string]: object } = {
  user: { payload: 'aGk=', topic: 't', participantIdentity: 'ana' },
  speaker: { speakers: [{ sid: 'PA_1', level: 0.5 }] },
  sipDtmf: { code: 1, digit: '1' },
  transcription: { transcribedParticipantIdentity: 'bo', segments: [{ id: 's', text: 'hello' }] },
  metrics: { strData: ['x'] },
  chatMessage: { id: '1', message: 'hello' },
  rpcRequest: { id: '1', method: 'greet', payload: '{}' },
  rpcAck: { requestId: '1' },
  rpcResponse: { requestId: '1', payload: '{}' },
  streamHeader: { streamId: 's', topic: 't', textHeader: {} },
  streamChunk: { streamId: 's', content: 'aGk=' },
  streamTrailer: { streamId: 's', reason: 'done' },
  encryptedPacket: { iv: 'aGk=', encryptedValue: 'aGk=' },
}

test.each(Object.entries(packets))('a data packet with %s arrives as it was sent', async (kind, value) => {
  // Transcripts are an agent's to send, and metrics are for those with the right to them.
  const ana = await connectActive(server, 'ana', { more: { kind: 'agent' } })
  await connectActive(server, 'bo', { grant: { canSubscribeMetrics: true } })
  const [transport = 0] = engine.open.keys()
  const packet = DataPacket.fromJson({ [kind]: value } as never)
  engine.emit({
    type: 'dataReceived',
    transport,
    reliable: true,
    label: '_reliable',
    payload: Buffer.from(packet.toBinary()),
  })
  expect(engine.sent.length).toBe(1)
  const arrived = DataPacket.fromBinary(engine.sent[0]?.payload ?? new Uint8Array())
  expect(arrived).toMatchObject({ participantIdentity: 'ana', participantSid: ana.sid() })
  expect(JSON.parse(arrived.toJsonString())[kind]).toMatchObject(value)
})

test.each<[string, SignalAsk, object]>([
  [
    'publish_data_track_request',
    { case: 'publishDataTrackRequest', value: new PublishDataTrackRequest({ pubHandle: 7, name: 'd' }) },
    { reason: RequestResponse_Reason.NOT_ALLOWED, request: { case: 'publishDataTrack', value: { pubHandle: 7 } } },
  ],
  [
    'unpublish_data_track_request',
    { case: 'unpublishDataTrackRequest', value: new UnpublishDataTrackRequest({ pubHandle: 7 }) },
    { reason: RequestResponse_Reason.NOT_FOUND, request: { case: 'unpublishDataTrack', value: { pubHandle: 7 } } },
  ],
  [
    'store_data_blob_request',
    { case: 'storeDataBlobRequest', value: new StoreDataBlobRequest({ requestId: 8 }) },
    { reason: RequestResponse_Reason.NOT_ALLOWED, requestId: 8 },
  ],
  [
    'get_data_blob_request',
    { case: 'getDataBlobRequest', value: new GetDataBlobRequest({ requestId: 9 }) },
    { reason: RequestResponse_Reason.NOT_ALLOWED, requestId: 9 },
  ],
  [
    'add_track of a kind that is no media',
    { case: 'addTrack', value: new AddTrackRequest({ cid: 'c', type: 2 }) },
    { reason: RequestResponse_Reason.UNSUPPORTED_TYPE, request: { case: 'addTrack', value: { cid: 'c' } } },
  ],
])('%s is answered as unsupported', async (_what, ask, answer) => {
  const ana = await connectActive(server, 'ana')
  ana.say(ask)
  expect(await ana.next('requestResponse')).toMatchObject(answer)
})

test.each<[string, SignalAsk]>([
  ['update_layers', { case: 'updateLayers', value: new UpdateVideoLayers({ trackSid: 'TR_x' }) }],
  ['update_data_subscription', { case: 'updateDataSubscription', value: new UpdateDataSubscription() }],
])('%s is passed over', async (_what, ask) => {
  const ana = await connectActive(server, 'ana')
  await ana.settled()
  const before = ana.heard.length
  ana.say(ask)
  await ana.settled()
  expect(ana.cases().slice(before)).toEqual(['pong', 'pong'])
})

test('update_audio_track and update_video_track are shown to the others', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  addTrack(ana, { cid: 'mic', type: 0, source: 2 })
  addTrack(ana, { cid: 'cam', type: 1, source: 1, width: 640, height: 360 })
  const [mic, cam] = [await ana.next('trackPublished'), await ana.next('trackPublished')].map((each) => each.track?.sid)
  ana.offer([section('1', 'mic', 'audio'), section('2', 'cam')])
  await bo.next('update', ({ participants }) => participants[0]?.tracks.length === 2)
  ana.say({ case: 'updateAudioTrack', value: new UpdateLocalAudioTrack({ trackSid: mic ?? '', features: [4, 5] }) })
  ana.say({
    case: 'updateVideoTrack',
    value: new UpdateLocalVideoTrack({ trackSid: cam ?? '', width: 720, height: 1280 }),
  })
  const { participants } = await bo.next('update', (update) => update.participants[0]?.tracks[1]?.height === 1280)
  expect(participants[0]?.tracks).toMatchObject([{ audioFeatures: [4, 5] }, { width: 720, height: 1280 }])
})
