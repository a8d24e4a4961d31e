/** Messages that carry much: every field of them says what it should, and the fields that are passed over change nothing. */
import type { Message } from '@bufbuild/protobuf'
import {
  AudioTrackFeature,
  BackupCodecPolicy,
  ClientInfo,
  ClientInfo_Capability,
  ConnectionSettings,
  CreateRoomRequest,
  DisconnectReason,
  Encryption_Type,
  type JoinRequest,
  LeaveRequest,
  PacketTrailerFeature,
  type ParticipantInfo,
  type Room,
  SyncState,
  TrackSource,
  TrackType,
  VideoQuality,
} from '@livekit/protocol'
import { RoomServiceClient } from 'livekit-server-sdk'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { addTrack, connectActive, connectSingle, open, spare, type TestClient } from './livekit-client.ts'
import { keys, startTestServer, type TestServer, tokenFor } from './livekit-server.ts'
import { createSimulatedEngine, section } from './livekit-simulated-engine.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer(createSimulatedEngine())
})
afterEach(() => server.close())

/** The fields that none of the messages says anything in, by their names in the protocol. */
function silentFields(...messages: Message[]): string[] {
  const fields = messages[0]?.getType().fields.list() ?? []
  const isSilent = (value: unknown) => !value || (typeof value === 'object' && Object.keys(value).length === 0)
  return fields
    .filter(({ localName }) => messages.every((message) => isSilent(Object(message)[localName])))
    .map(({ name }) => name)
}

function updatesOf(client: TestClient, identity: string): ParticipantInfo[] {
  const all = client.heard.flatMap((each) => (each.case === 'update' ? each.value.participants : []))
  return all.filter((each) => each.identity === identity)
}

test('everything that is said of a track when it is published is known to the others', async () => {
  const ana = await connectActive(server, 'ana')
  const bo = await connectActive(server, 'bo')
  const layers = [
    { quality: VideoQuality.LOW, width: 320, height: 180, bitrate: 100_000 },
    { quality: VideoQuality.HIGH, width: 640, height: 360, bitrate: 400_000 },
  ]
  const camera = {
    type: TrackType.VIDEO,
    source: TrackSource.CAMERA,
    name: 'front',
    stream: 'own',
    width: 640,
    height: 360,
    muted: true,
    encryption: Encryption_Type.GCM,
    backupCodecPolicy: BackupCodecPolicy.SIMULCAST,
    packetTrailerFeatures: [PacketTrailerFeature.PTF_FRAME_ID],
  }
  const voice = { type: TrackType.AUDIO, source: TrackSource.MICROPHONE, disableRed: true, stereo: true }
  addTrack(ana, { ...camera, cid: 'c', layers, simulcastCodecs: [{ codec: 'vp8', cid: 'c', layers }] })
  const features = [AudioTrackFeature.TF_NOISE_SUPPRESSION]
  addTrack(ana, { ...voice, cid: 'm', disableDtx: true, audioFeatures: features })
  ana.offer([{ ...section('1', 'c'), rids: ['q', 'f'] }, section('2', 'm', 'audio')], 3)
  await bo.next('update', ({ participants }) => participants[0]?.tracks.length === 2)
  const [seen, heard] = updatesOf(bo, 'ana').at(-1)?.tracks ?? []
  if (!seen || !heard) throw new Error('no tracks')
  expect(seen).toMatchObject({ ...camera, simulcast: true, mid: '1', mimeType: 'video/VP8' })
  expect(seen.layers).toMatchObject([
    { ...layers[0], rid: 'q' },
    { ...layers[1], rid: 'f' },
  ])
  expect(seen.codecs).toMatchObject([{ mimeType: 'video/VP8', mid: '1', cid: 'c', layers }])
  const named = [AudioTrackFeature.TF_NOISE_SUPPRESSION, AudioTrackFeature.TF_STEREO, AudioTrackFeature.TF_NO_DTX]
  expect(heard).toMatchObject({ ...voice, disableDtx: true, audioFeatures: named, stream: 'camera' })
  expect(silentFields(seen, heard)).toEqual([])
})

test('everything that is known of a participant is told, but of regions and data tracks', async () => {
  const bo = await connectActive(server, 'bo')
  const ana = await connectSingle(server, 'ana', {
    more: { name: 'Ana', kind: 'agent', kindDetails: ['cloud_agent', 'forwarded'] },
    metadata: 'm',
    participantAttributes: { hat: 'red' },
    clientInfo: new ClientInfo({
      protocol: 17,
      clientProtocol: 2,
      capabilities: [ClientInfo_Capability.CAP_PACKET_TRAILER],
    }),
  })
  addTrack(ana, { cid: 'c', type: TrackType.VIDEO })
  ana.offer([...spare(3, 3), section('6', 'c')], 2)
  await bo.next('update', ({ participants }) => participants[0]?.isPublisher === true)
  ana.say({ case: 'leave', value: new LeaveRequest() })
  await bo.next('update', ({ participants }) => participants[0]?.state === 3)
  const told = updatesOf(bo, 'ana')
  expect(silentFields(...told)).toEqual(['region', 'data_tracks'])
  expect(told.at(-1)?.disconnectReason).toBe(DisconnectReason.CLIENT_INITIATED)
  expect(told[0]).toMatchObject({ name: 'Ana', kind: 4, metadata: 'm', attributes: { hat: 'red' }, clientProtocol: 2 })
  expect(told[0]?.capabilities).toEqual([ClientInfo_Capability.CAP_PACKET_TRAILER])
})

const service = () => new RoomServiceClient(`http://${server.host}`, keys.apiKey, keys.apiSecret)
const options = { emptyTimeout: 60, departureTimeout: 7, maxParticipants: 9, metadata: 'about the room' }

test('a join tells everything of the room, the server and how to go on; there are no relays, regions and the like', async () => {
  await service().createRoom({ name: 'hall', ...options })
  const ana = await connectActive(server, 'ana', { grant: { recorder: true } })
  addTrack(ana, { cid: 'c', type: TrackType.VIDEO })
  ana.offer([section('1', 'c')], 3)
  await ana.next('trackPublished')
  await ana.settled()
  const join = await open(server, `access_token=${await tokenFor('bo')}&protocol=17`).next('join')
  expect(silentFields(join)).toEqual([
    'ice_servers',
    'alternative_url',
    'client_configuration',
    'server_region',
    'sif_trailer',
  ])
  const { room } = join
  if (!room) throw new Error('no room')
  expect(silentFields(room)).toEqual(['turn_password', 'version'])
  expect(room).toMatchObject({ name: 'hall', ...options, activeRecording: true, numPublishers: 1 })
})

/** What a client hears and the engine is told when somebody joins in this way, with ids and times left out. */
async function courseOf(join: (server: TestServer) => Promise<TestClient>): Promise<object> {
  const engine = createSimulatedEngine()
  const own = await startTestServer(engine)
  onTestFinished(() => own.close())
  const ana = await join(own)
  await ana.settled()
  return { heard: ana.cases(), commands: engine.commands.map((each) => ({ ...each, room: undefined })) }
}

const packed = (request: NonNullable<ConstructorParameters<typeof JoinRequest>[0]>) =>
  courseOf((own) => connectSingle(own, 'ana', request))
const asked = (query: string) => courseOf((own) => connectActive(own, 'ana', { query }))

test('what a joining client says of its device, and wishes that this server has no choice in, change nothing', async () => {
  const clientInfo = { protocol: 17 }
  const connectionSettings = { autoSubscribe: true }
  const plain = await packed({ clientInfo, connectionSettings })
  const device = {
    sdk: 2,
    version: '9.9.9',
    os: 'os',
    osVersion: '1',
    deviceModel: 'model',
    browser: 'browser',
    browserVersion: '2',
    address: '192.0.2.1',
    network: 'wifi',
    otherSdks: 'components',
  }
  const wishes = { disableIceLite: true, autoSubscribeDataTrack: true }
  const rich = await packed({
    clientInfo: new ClientInfo({ ...clientInfo, ...device }),
    connectionSettings: new ConnectionSettings({ ...connectionSettings, ...wishes }),
    reconnectReason: 2,
    syncState: new SyncState({ trackSidsDisabled: ['TR_1'] }),
  })
  expect(rich).toEqual(plain)
})

test('what clients write into the address and is passed over changes nothing', async () => {
  const device = 'sdk=js&version=9.9.9&os=os&os_version=1&device_model=model&browser=b&browser_version=2&network=wifi'
  const rich = await asked(`${device}&disable_ice_lite=1&reconnect_reason=2&something_new=1`)
  expect(rich).toEqual(await asked(''))
})

test('what a client in the older form can do is told to the others', async () => {
  const bo = await connectActive(server, 'bo')
  await connectActive(server, 'ana', { query: 'client_protocol=2&capabilities=CAP_PACKET_TRAILER,CAP_NEW' })
  const capabilities = [ClientInfo_Capability.CAP_PACKET_TRAILER]
  await bo.settled()
  expect(updatesOf(bo, 'ana')[0]).toMatchObject({ clientProtocol: 2, capabilities })
})

test('what a returning client says of its connection changes nothing', async () => {
  const engine = createSimulatedEngine()
  const own = await startTestServer(engine)
  onTestFinished(() => own.close())
  const ana = await connectSingle(own, 'ana')
  await ana.settled()
  const before = ana.heard.length
  engine.commands.length = 0
  const description = { type: 'offer', sdp: 'x', id: 9 }
  const state = new SyncState({
    offer: description,
    answer: description,
    dataChannels: [{ label: '_reliable', id: 1 }],
    datachannelReceiveStates: [{ publisherSid: 'PA_1', lastSeq: 4 }],
    publishDataTracks: [{ info: { pubHandle: 1 } }],
    dataSubscription: { updates: [{ trackSid: 'DTR_1' }] },
  })
  ana.say({ case: 'syncState', value: state })
  await ana.settled()
  expect(ana.cases().slice(before)).toEqual(['pong', 'pong'])
  expect(engine.commands).toEqual([])
})

test('of what a room is made with, that which is passed over changes nothing', async () => {
  const other = {
    nodeId: 'ND_other',
    tags: { team: 'blue' },
    egress: { tracks: { filepath: 'x' } },
    minPlayoutDelay: 100,
    maxPlayoutDelay: 200,
    syncStreams: true,
    replayEnabled: true,
    agents: [{ agentName: 'helper' }],
  }
  const known = new CreateRoomRequest({ name: 'hall', ...options }).toJson() as object
  const passedOver = new CreateRoomRequest(other).toJson() as object
  const made = async (request: object) => {
    const { sid: _sid, creationTime: _s, creationTimeMs: _ms, ...rest } = await service().createRoom(request as never)
    await service().deleteRoom('hall')
    return rest
  }
  expect(Object.keys({ ...known, ...passedOver }).length).toBe(CreateRoomRequest.fields.list().length - 1)
  const plain: Partial<Room> = await made({ name: 'hall', ...options })
  expect(await made({ name: 'hall', ...options, ...other })).toEqual(plain)
})
