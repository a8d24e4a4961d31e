// End-to-end encryption as the client does it, with its own worker: the server sees nothing and must break nothing.
import { ExternalE2EEKeyProvider, RoomEvent, type RoomOptions, Track } from 'livekit-client'
import { behaviour } from './behaviour.ts'
import { decoded, type Person, pause, type Stage, same, until } from './stage.ts'

const source = Track.Source

/** A Room that encrypts with `key`. */
async function enter(stage: Stage, identity: string, key: string, options: RoomOptions = {}): Promise<Person> {
  const keyProvider = new ExternalE2EEKeyProvider()
  const worker = new Worker('livekit-client.e2ee.worker.mjs', { type: 'module' })
  const e2ee =
    stage.setting.client === 'new' ? { encryption: { keyProvider, worker } } : { e2ee: { keyProvider, worker } }
  const person = stage.open({ ...e2ee, ...options })
  await keyProvider.setKey(key)
  await person.room.setE2EEEnabled(true)
  await stage.enter(person, identity)
  person.room.once(RoomEvent.Disconnected, () => worker.terminate())
  return person
}

async function watch(stage: Stage, options: Parameters<Person['me']['publishTrack']>[1]) {
  const [ana, ben] = await Promise.all([enter(stage, 'ana', 'key'), enter(stage, 'ben', 'key')])
  await ana.me.publishTrack(stage.picture(), { source: source.Camera, ...options })
  await ana.me.publishTrack(stage.sound(), { source: source.Microphone })
  const seen = await ben.receives('ana', source.Camera)
  await ben.receives('ana', source.Microphone)
  same('known as encrypted', [seen.isEncrypted, (await ben.sees('ana')).isEncrypted], [true, true])
}

export const encrypt = [
  behaviour('with the same key people see and hear each other', (stage) => watch(stage, {})),
  behaviour('the same with VP9', (stage) => watch(stage, { videoCodec: 'vp9', backupCodec: false }), {
    where: ({ browser }) => browser === 'chromium',
  }),
  behaviour('with another key nothing is seen', async (stage) => {
    const [ana, ben] = await Promise.all([enter(stage, 'ana', 'key'), enter(stage, 'ben', 'another')])
    await ana.me.publishTrack(stage.picture(), { source: source.Camera })
    const seen = await ben.publication('ana', source.Camera)
    await until('the track', () => seen.track)
    await ben.hears(RoomEvent.EncryptionError)
    await pause(500)
    same('decoded', await decoded(seen), 0)
  }),
  behaviour(
    'encrypted data reaches those with the key',
    async (stage) => {
      const [ana, ben] = await Promise.all([enter(stage, 'ana', 'key'), enter(stage, 'ben', 'key')])
      await Promise.all([ana.sees('ben'), ben.sees('ana')])
      await ana.me.publishData(new TextEncoder().encode('secret'), { reliable: true })
      await ben.hears<[Uint8Array]>(RoomEvent.DataReceived, (payload) => new TextDecoder().decode(payload) === 'secret')
      const texts: string[] = []
      ben.room.registerTextStreamHandler('lk.chat', async (reader) => void texts.push(await reader.readAll()))
      await ana.me.sendText('hidden words', { topic: 'lk.chat' })
      await until('the text', () => texts[0] === 'hidden words')
    },
    { where: ({ client }) => client === 'new' },
  ),
]
