import { DataPacket_Kind, type RemoteParticipant, RoomEvent, RpcError, type TextStreamReader } from 'livekit-client'
import { behaviour } from './behaviour.ts'
import { holds, type Person, pause, refusal, same, until } from './stage.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (payload: Uint8Array) => new TextDecoder().decode(payload)

type Received = [
  payload: Uint8Array,
  from: RemoteParticipant | undefined,
  kind: DataPacket_Kind | undefined,
  topic: string | undefined,
]
const received = (person: Person, wanted: string) =>
  person.hears<Received>(RoomEvent.DataReceived, (payload) => text(payload) === wanted)
const texts = (person: Person) => person.heard(RoomEvent.DataReceived).map(([payload]) => text(payload as Uint8Array))

/** The text streams of a topic, whole, as they come. */
function collect(person: Person, topic: string) {
  const got: { text: string; from: string; attributes: Record<string, string> | undefined }[] = []
  person.room.registerTextStreamHandler(topic, async (reader: TextStreamReader, { identity }) => {
    const whole = await reader.readAll()
    got.push({ text: whole, from: identity, attributes: reader.info.attributes })
  })
  return got
}

export const data = [
  behaviour('a reliable packet arrives with its sender, kind and topic', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishData(bytes('hello'), { reliable: true, topic: 'greeting' })
    const [, from, kind, topic] = await received(ben, 'hello')
    same('sender, kind, topic', [from?.identity, kind, topic], ['ana', DataPacket_Kind.RELIABLE, 'greeting'])
  }),
  behaviour('a lossy packet arrives as lossy', async (stage) => {
    const [ana, ben] = await stage.pair()
    // On the way some may be lost; one of many arrives.
    await until('a lossy packet', async () => {
      await ana.me.publishData(bytes('quick'), { reliable: false })
      return texts(ben).length > 0
    })
    const [, , kind] = await received(ben, 'quick')
    same('kind', kind, DataPacket_Kind.LOSSY)
  }),
  behaviour('the sender does not hear its own packet', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishData(bytes('hello'), { reliable: true })
    await received(ben, 'hello')
    await ben.me.publishData(bytes('reply'), { reliable: true })
    await received(ana, 'reply')
    same('heard by the sender', texts(ana), ['reply'])
  }),
  behaviour('a packet with a destination reaches that one alone', async (stage) => {
    const [ana, ben] = await stage.pair()
    const cho = await stage.join('cho')
    await Promise.all([ana.sees('cho'), cho.sees('ana')])
    await ana.me.publishData(bytes('secret'), { reliable: true, destinationIdentities: ['ben'] })
    await ana.me.publishData(bytes('open'), { reliable: true })
    await Promise.all([received(ben, 'open'), received(cho, 'open')])
    same('heard by ben', texts(ben), ['secret', 'open'])
    same('heard by cho', texts(cho), ['open'])
  }),
  behaviour('300 reliable packets arrive in order and once', async (stage) => {
    const [ana, ben] = await stage.pair()
    const sent = Array.from({ length: 300 }, (_, number) => `${number}`)
    for (const each of sent) await ana.me.publishData(bytes(each), { reliable: true })
    await received(ben, '299')
    same('heard', texts(ben), sent)
  }),
  behaviour('a packet of 15 000 bytes arrives whole', async (stage) => {
    const [ana, ben] = await stage.pair()
    const large = 'x'.repeat(15_000)
    await ana.me.publishData(bytes(large), { reliable: true })
    await received(ben, large)
  }),
  behaviour('what is sent right after joining arrives', async (stage) => {
    const ben = await stage.join('ben')
    const ana = await stage.join('ana')
    await ana.me.publishData(bytes('first'), { reliable: true })
    await received(ben, 'first')
  }),
  behaviour('without the right to publish data nothing is heard', async (stage) => {
    const [ana, ben] = await stage.pair({ grant: { canPublishData: false } })
    await ana.me.publishData(bytes('hello'), { reliable: true }).catch(() => {})
    await ben.me.publishData(bytes('round trip'), { reliable: true })
    await received(ana, 'round trip')
    await pause(300)
    same('heard', texts(ben), [])
  }),
  behaviour('packets of hidden participants have no sender', async (stage) => {
    const ben = await stage.join('ben')
    const ghost = await stage.join('ghost', { grant: { hidden: true } })
    await ghost.sees('ben')
    await ghost.me.publishData(bytes('boo'), { reliable: true })
    const [, from] = await received(ben, 'boo')
    same('sender', from?.identity, undefined)
  }),
  behaviour('the server sends to everybody or to one', async (stage) => {
    const [ana, ben] = await stage.pair()
    const send = (words: string, options: object) =>
      stage.service('sendData', stage.setting.room, { bytes: [...bytes(words)] }, DataPacket_Kind.RELIABLE, options)
    await send('for ben', { destinationIdentities: ['ben'], topic: 'desk' })
    await send('for all', { topic: 'desk' })
    const [, from, , topic] = await received(ana, 'for all')
    await received(ben, 'for all')
    same('sender and topic', [from?.identity, topic], [undefined, 'desk'])
    same('heard by ana', texts(ana), ['for all'])
    same('heard by ben', texts(ben), ['for ben', 'for all'])
  }),
  behaviour('a text arrives whole, with topic, attributes and sender', async (stage) => {
    const [ana, ben] = await stage.pair()
    const got = collect(ben, 'lk.chat')
    await ana.me.sendText('안녕하세요', { topic: 'lk.chat', attributes: { mood: 'good' } })
    await until('the text', () => got.length === 1)
    same('text, sender, mood', [got[0]?.text, got[0]?.from, got[0]?.attributes?.mood], ['안녕하세요', 'ana', 'good'])
  }),
  behaviour('a text of 100 000 characters arrives whole, in pieces', async (stage) => {
    const [ana, ben] = await stage.pair()
    const got = collect(ben, 'book')
    const book = Array.from({ length: 10_000 }, (_, line) => `line ${line % 1_000}`.padEnd(10)).join('')
    await ana.me.sendText(book, { topic: 'book' })
    await until('the book', () => got.length === 1)
    holds('the same text', got[0]?.text === book)
  }),
  behaviour('a text for one reaches that one alone', async (stage) => {
    const [ana, ben] = await stage.pair()
    const cho = await stage.join('cho')
    await ana.sees('cho')
    const [atBen, atCho] = [collect(ben, 'note'), collect(cho, 'note')]
    await ana.me.sendText('secret', { topic: 'note', destinationIdentities: ['ben'] })
    await ana.me.sendText('open', { topic: 'note' })
    await until('both at ben', () => atBen.length === 2)
    await until('one at cho', () => atCho.length === 1)
    same('heard by cho', atCho[0]?.text, 'open')
  }),
  behaviour('a text written bit by bit is read bit by bit', async (stage) => {
    const [ana, ben] = await stage.pair()
    const bits: string[] = []
    ben.room.registerTextStreamHandler('live', async (reader) => {
      for await (const bit of reader) bits.push(bit)
    })
    const writer = await ana.me.streamText({ topic: 'live' })
    await writer.write('one ')
    await until('the first bit', () => bits.join('') === 'one ')
    await writer.write('two')
    await writer.close()
    await until('all of it', () => bits.join('') === 'one two')
  }),
  behaviour('a file of 200 000 bytes arrives whole, with name and type', async (stage) => {
    const [ana, ben] = await stage.pair()
    const file = new File([new Uint8Array(200_000).map((_, at) => (at * 31) % 251)], 'notes.bin', {
      type: 'application/x-notes',
    })
    const got: { name: string; type: string; content: Uint8Array[] }[] = []
    ben.room.registerByteStreamHandler('files', async (reader) => {
      got.push({ name: reader.info.name, type: reader.info.mimeType, content: await reader.readAll() })
    })
    await ana.me.sendFile(file, { topic: 'files' })
    await until('the file', () => got.length === 1)
    same('name and type', [got[0]?.name, got[0]?.type], ['notes.bin', 'application/x-notes'])
    const [sent, arrived] = await Promise.all([
      file.arrayBuffer(),
      new Blob(got[0]?.content as BlobPart[]).arrayBuffer(),
    ])
    const left = new Uint8Array(sent)
    holds(
      'the same bytes',
      new Uint8Array(arrived).every((byte, at) => byte === left[at]) && arrived.byteLength === 200_000,
    )
  }),
  behaviour('a chat message arrives as one', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.sendChatMessage('good morning')
    const [message, from] = await ben.hears<[{ message: string }, RemoteParticipant | undefined]>(RoomEvent.ChatMessage)
    same('message and sender', [message.message, from?.identity], ['good morning', 'ana'])
  }),
  behaviour('a tone of the telephone keypad arrives', async (stage) => {
    const [ana, ben] = await stage.pair()
    await ana.me.publishDtmf(5, '5')
    const [tone, from] = await ben.hears<[{ code: number; digit: string }, RemoteParticipant | undefined]>(
      RoomEvent.SipDTMFReceived,
    )
    same('tone and sender', [tone.code, tone.digit, from?.identity], [5, '5', 'ana'])
  }),
  behaviour('a remote procedure is called and answers', async (stage) => {
    const [ana, ben] = await stage.pair()
    ben.me.registerRpcMethod('greet', async ({ payload, callerIdentity }) => `${payload}, ${callerIdentity}`)
    same(
      'answer',
      await ana.me.performRpc({ destinationIdentity: 'ben', method: 'greet', payload: 'hello' }),
      'hello, ana',
    )
  }),
  behaviour('the error of a remote procedure is the caller’s', async (stage) => {
    const [ana, ben] = await stage.pair()
    ben.me.registerRpcMethod('refuse', () => Promise.reject(new RpcError(4_711, 'not today', 'monday')))
    const error = await refusal(
      'the call',
      ana.me.performRpc({ destinationIdentity: 'ben', method: 'refuse', payload: '' }),
    )
    same('code, message, data', [error.code, error.message, error.data], [4_711, 'not today', 'monday'])
  }),
  behaviour('a remote procedure nobody offers is refused as unsupported', async (stage) => {
    const [ana] = await stage.pair()
    const error = await refusal(
      'the call',
      ana.me.performRpc({ destinationIdentity: 'ben', method: 'none', payload: '' }),
    )
    same('code', error.code, RpcError.ErrorCode.UNSUPPORTED_METHOD)
  }),
  behaviour('a remote procedure that takes too long is given up in time', async (stage) => {
    const [ana, ben] = await stage.pair()
    ben.me.registerRpcMethod('sleep', () => new Promise(() => {}))
    const call = ana.me.performRpc({ destinationIdentity: 'ben', method: 'sleep', payload: '', responseTimeout: 1_500 })
    same('code', (await refusal('the call', call)).code, RpcError.ErrorCode.RESPONSE_TIMEOUT)
  }),
  behaviour('a call to somebody who is not there fails', async (stage) => {
    const [ana] = await stage.pair()
    const call = ana.me.performRpc({
      destinationIdentity: 'nobody',
      method: 'greet',
      payload: '',
      responseTimeout: 9_000,
    })
    const codes = [RpcError.ErrorCode.CONNECTION_TIMEOUT, RpcError.ErrorCode.RECIPIENT_NOT_FOUND]
    holds('the right code', codes.includes((await refusal('the call', call)).code as never))
  }),
  behaviour('a call in progress fails when the called one leaves', async (stage) => {
    const [ana, ben] = await stage.pair()
    const called = new Promise<void>((resolve) => {
      ben.me.registerRpcMethod('sleep', () => {
        resolve()
        return new Promise(() => {})
      })
    })
    const call = refusal('the call', ana.me.performRpc({ destinationIdentity: 'ben', method: 'sleep', payload: '' }))
    await called
    await pause(200)
    await ben.room.disconnect()
    same('code', (await call).code, RpcError.ErrorCode.RECIPIENT_DISCONNECTED)
  }),
  behaviour('the answer of a remote procedure may be 15 000 bytes', async (stage) => {
    const [ana, ben] = await stage.pair()
    ben.me.registerRpcMethod('echo', async ({ payload }) => payload)
    const large = 'y'.repeat(15_000)
    const answer = await ana.me.performRpc({ destinationIdentity: 'ben', method: 'echo', payload: large })
    holds('the same payload', answer === large)
  }),
]
