import { ConnectionErrorReason, ConnectionState, DisconnectReason, RoomEvent, Track } from 'livekit-client'
import { behaviour } from './behaviour.ts'
import { holds, identities, type Person, refusal, same, until } from './stage.ts'

const paths = () => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)

/** The one thing here that no public property tells. */
function hasTwoConnections({ room }: Person): boolean {
  const { engine } = room as unknown as { engine: { pcManager?: { subscriber?: unknown } } }
  return engine.pcManager?.subscriber !== undefined
}

export const connect = [
  behaviour(
    'a room is entered: its name and sid, oneself with an own sid, the server with its version',
    async (stage) => {
      const { room, me } = await stage.join('ana', { name: 'Ana' })
      same('state', room.state, ConnectionState.Connected)
      same('room name', room.name, stage.setting.room)
      same('sid begins', (await room.getSid()).slice(0, 3), 'RM_')
      same('own sid begins', me.sid.slice(0, 3), 'PA_')
      same('identity and name', [me.identity, me.name], ['ana', 'Ana'])
      holds('the server says its version', room.serverInfo?.version)
      holds('nobody else', room.remoteParticipants.size === 0)
    },
  ),
  behaviour('the asked form of peer connection is the one that is used', async (stage) => {
    same('two connections', hasTwoConnections(await stage.join('ana')), stage.setting.form === 'dual')
  }),
  behaviour(
    'where the newer path fails the client enters by the older one, with two connections',
    async (stage) => {
      const ana = stage.open()
      await ana.room.simulateScenario('fail-on-v1-path')
      await stage.enter(ana, 'ana')
      same('two connections', hasTwoConnections(ana), true)
      const ben = await stage.join('ben')
      same('those of ben', hasTwoConnections(ben), false)
      await ana.me.publishTrack(stage.picture(), { source: Track.Source.Camera })
      await ben.receives('ana', Track.Source.Camera)
      await ben.me.publishTrack(stage.picture(), { source: Track.Source.Camera })
      await ana.receives('ben', Track.Source.Camera)
    },
    { where: ({ client, form }) => client === 'new' && form === 'single' },
  ),
  behaviour('a newcomer sees who is there, with name, metadata and attributes', async (stage) => {
    await stage.join('ana', { name: 'Ana', metadata: 'host', attributes: { seat: '1' } })
    const ben = await stage.join('ben')
    const ana = await ben.sees('ana')
    same('what is known', [ana.name, ana.metadata, ana.attributes], ['Ana', 'host', { seat: '1' }])
    same('who is there', identities(ben.room.remoteParticipants.values()), ['ana'])
  }),
  behaviour('who is there is told of a newcomer, once, and of the leave', async (stage) => {
    const ana = await stage.join('ana')
    const ben = await stage.join('ben')
    await ana.hears(RoomEvent.ParticipantConnected, (who: { identity: string }) => who.identity === 'ben')
    await ben.room.disconnect()
    await ana.hears(RoomEvent.ParticipantDisconnected, (who: { identity: string }) => who.identity === 'ben')
    same('announcements', ana.heard(RoomEvent.ParticipantConnected).length, 1)
    same('remaining', ana.room.remoteParticipants.size, 0)
  }),
  behaviour(
    'a newcomer without tracks is announced at once',
    async (stage) => {
      const ana = await stage.join('ana')
      const from = performance.now()
      await stage.join('ben')
      await ana.sees('ben')
      holds('seen within 1500 ms of asking to join', performance.now() - from < 1_500)
    },
    { better: 'the real server gathers newcomers without tracks for up to three seconds', alone: true },
  ),
  behaviour('a newcomer becomes active', async (stage) => {
    const [ana] = await stage.pair()
    const ben = await ana.sees('ben')
    await until('ben being active', () => ben.isActive)
  }),
  behaviour('who leaves hears that it was their own wish', async (stage) => {
    const ana = await stage.join('ana')
    await ana.room.disconnect()
    const [reason] = await ana.hears(RoomEvent.Disconnected)
    same('reason', reason, DisconnectReason.CLIENT_INITIATED)
    same('state', ana.room.state, ConnectionState.Disconnected)
  }),
  behaviour('the same Room object connects again after leaving', async (stage) => {
    const ana = await stage.join('ana')
    await ana.room.disconnect()
    await stage.enter(ana, 'ana')
    same('state', ana.room.state, ConnectionState.Connected)
  }),
  behaviour('prepareConnection before connecting does no harm', async (stage) => {
    const ana = stage.open()
    await ana.room.prepareConnection(stage.setting.url, await stage.token('ana'))
    await stage.enter(ana, 'ana')
    holds('the address was tried', paths().includes('/'))
  }),
  behaviour('a URL with a slash at its end is as good', async (stage) => {
    const ana = await stage.join('ana', { url: `${stage.setting.url}/` })
    same('state', ana.room.state, ConnectionState.Connected)
  }),
  behaviour('a URL written as http is as good', async (stage) => {
    const ana = await stage.join('ana', { url: stage.setting.url.replace('ws', 'http') })
    same('state', ana.room.state, ConnectionState.Connected)
  }),
  behaviour('a token with a foreign signature is refused as not allowed', async (stage) => {
    const error = await refusal('joining', stage.join('ana', { secret: 'not the secret of this server, but long' }))
    same('reason and status', [error.reason, error.status], [ConnectionErrorReason.NotAllowed, 401])
  }),
  behaviour('an expired token is refused as not allowed', async (stage) => {
    const error = await refusal('joining', stage.join('ana', { ttl: -3_600 }))
    same('reason and status', [error.reason, error.status], [ConnectionErrorReason.NotAllowed, 401])
  }),
  behaviour('a token without the right to join is refused as not allowed', async (stage) => {
    const error = await refusal('joining', stage.join('ana', { grant: { roomJoin: false } }))
    same('reason and status', [error.reason, error.status], [ConnectionErrorReason.NotAllowed, 401])
  }),
  behaviour('something that is no token is refused as not allowed', async (stage) => {
    const error = await refusal('joining', stage.join('ana', { token: 'none' }))
    same('reason and status', [error.reason, error.status], [ConnectionErrorReason.NotAllowed, 401])
  }),
  behaviour('a full room refuses one more, and has room again when somebody leaves', async (stage) => {
    await stage.service('createRoom', { name: stage.setting.room, maxParticipants: 1 })
    const ana = await stage.join('ana')
    await refusal('joining', stage.join('ben'))
    same('alone', ana.room.remoteParticipants.size, 0)
    await ana.room.disconnect()
    // Another connection may overtake the leave.
    await until(
      'the empty room',
      async () => ((await stage.service('listParticipants', stage.setting.room)) as unknown[]).length === 0,
    )
    const cho = await stage.join('cho')
    same('state', cho.room.state, ConnectionState.Connected)
  }),
  behaviour('the same identity joining again ends the earlier connection', async (stage) => {
    const first = await stage.join('ana')
    const ben = await stage.join('ben')
    const second = await stage.join('ana')
    const [reason] = await first.hears(RoomEvent.Disconnected)
    same('reason', reason, DisconnectReason.DUPLICATE_IDENTITY)
    same('state of the later', second.room.state, ConnectionState.Connected)
    await until('ben seeing the later one', () => ben.room.remoteParticipants.get('ana')?.sid === second.me.sid)
    same('others of ben', ben.room.remoteParticipants.size, 1)
  }),
  behaviour('who is removed hears so and does not come back', async (stage) => {
    const [ana, ben] = await stage.pair()
    await stage.service('removeParticipant', stage.setting.room, 'ana')
    const [reason] = await ana.hears(RoomEvent.Disconnected)
    same('reason', reason, DisconnectReason.PARTICIPANT_REMOVED)
    await ben.hears(RoomEvent.ParticipantDisconnected)
    same('attempts to return', ana.heard(RoomEvent.Reconnecting).length, 0)
  }),
  behaviour('a deleted room ends for everybody, and they hear so', async (stage) => {
    const people = await stage.pair()
    await stage.service('deleteRoom', stage.setting.room)
    for (const person of people) {
      const [reason] = await person.hears(RoomEvent.Disconnected)
      same(`reason of ${person.me.identity}`, reason, DisconnectReason.ROOM_DELETED)
    }
  }),
  behaviour('hidden participants see and are not seen', async (stage) => {
    const hidden = await stage.join('ghost', { grant: { hidden: true } })
    const ana = await stage.join('ana')
    await hidden.sees('ana')
    const ben = await stage.join('ben')
    await ana.sees('ben')
    await hidden.sees('ben')
    same('others of ana', identities(ana.room.remoteParticipants.values()), ['ben'])
    same('others of ben', identities(ben.room.remoteParticipants.values()), ['ana'])
    same('events of a newcomer at ana', ana.heard(RoomEvent.ParticipantConnected).length, 1)
  }),
  behaviour('the kind in a token is the kind that is seen', async (stage) => {
    await stage.join('robot', { kind: 'agent' })
    const ana = await stage.join('ana')
    same('an agent', (await ana.sees('robot')).isAgent, true)
  }),
  behaviour('a room made beforehand has its metadata at joining', async (stage) => {
    await stage.service('createRoom', { name: stage.setting.room, metadata: 'agenda' })
    const ana = await stage.join('ana')
    same('metadata', ana.room.metadata, 'agenda')
  }),
  behaviour('changed metadata of the room is heard by everybody', async (stage) => {
    const people = await stage.pair()
    await stage.service('updateRoomMetadata', stage.setting.room, 'coffee')
    for (const { room } of people) await until('new metadata', () => room.metadata === 'coffee')
    await people[0].hears(RoomEvent.RoomMetadataChanged, (metadata: string) => metadata === 'coffee')
  }),
  behaviour('the number of participants is known', async (stage) => {
    const [ana] = await stage.pair()
    await until('two being counted', () => ana.room.numParticipants === 2)
  }),
  behaviour('a recorder in the room is known as a running recording', async (stage) => {
    const ana = await stage.join('ana')
    same('recording at first', ana.room.isRecording, false)
    await stage.join('tape', { grant: { recorder: true, hidden: true } })
    await until('the recording', () => ana.room.isRecording)
    await ana.hears(RoomEvent.RecordingStatusChanged, (on: boolean) => on)
  }),
]
