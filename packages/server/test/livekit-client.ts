/** A signalling client for tests: hears everything in order, says what it is told, answers every offer. */
import { gzipSync } from 'node:zlib'
import {
  AddTrackRequest,
  ClientInfo,
  ConnectionSettings,
  JoinRequest,
  SessionDescription,
  SignalRequest,
  SignalResponse,
  WrappedJoinRequest,
} from '@livekit/protocol'
import { WebSocket } from 'ws'
import type { SignalAsk, SignalReply } from '../src/livekit/signal-codec.ts'
import type { OfferedMedia } from '../src/media/media-engine.ts'
import { type TestServer, tokenFor } from './livekit-server.ts'

type Case = SignalReply['case']
type ValueOf<C extends Case> = Extract<SignalReply, { case: C }>['value']

export interface TestClient {
  /** Everything heard, in order. */
  heard: SignalReply[]
  cases(): Case[]
  /** The next message of the kind after those that `next` has given; waits for it. */
  next<C extends Case>(kind: C, where?: (value: ValueOf<C>) => boolean): Promise<ValueOf<C>>
  say(ask: SignalAsk): void
  sayBytes(bytes: Uint8Array | string): void
  offer(media: OfferedMedia[], id?: number): void
  /** Everything the server has to say about what was said so far has been heard. */
  settled(): Promise<void>
  closed: Promise<number>
  /** The line breaks. */
  cut(): void
  sid(): string
}

export interface ClientOptions {
  grant?: object
  more?: object
  query?: string
  /** Whether it answers the server's offers; default true. */
  answers?: boolean
}

export async function connect(server: TestServer, identity: string, options: ClientOptions = {}): Promise<TestClient> {
  const token = await tokenFor(identity, options.grant, options.more)
  const client = open(server, `access_token=${token}&protocol=17&${options.query ?? ''}`, options.answers ?? true)
  await client.next('join')
  return client
}

type PackedJoin = Omit<NonNullable<ConstructorParameters<typeof JoinRequest>[0]>, 'publisherOffer'>

/** The query of the door where everything comes packed. Its offer's SDP is the JSON of `media`. */
export function packJoin({ media, ...request }: PackedJoin & { media?: OfferedMedia[] | undefined }): string {
  const join = new JoinRequest({
    clientInfo: new ClientInfo({ protocol: 17 }),
    connectionSettings: new ConnectionSettings({ autoSubscribe: true }),
    ...(media && { publisherOffer: new SessionDescription({ type: 'offer', sdp: JSON.stringify(media), id: 1 }) }),
    ...request,
  })
  const packed = new WrappedJoinRequest({ compression: 1, joinRequest: gzipSync(join.toBinary()) })
  return `join_request=${Buffer.from(packed.toBinary()).toString('base64url')}`
}

/** Sections to receive on, as clients offer them from the start. */
export function spare(audio: number, video: number, from = 0): OfferedMedia[] {
  return [...Array(audio + video).keys()].map((index) => ({
    mid: String(from + index),
    kind: index < audio ? 'audio' : 'video',
    streamId: '',
    trackId: '',
    mimeType: '',
    rids: [],
    sending: false,
  }))
}

/** Connects with one transport for both directions, offering at once, and waits until the participant is active. */
export async function connectSingle(
  server: TestServer,
  identity: string,
  {
    grant,
    more,
    media = spare(3, 3),
    ...request
  }: PackedJoin & Omit<ClientOptions, 'query'> & { media?: OfferedMedia[] } = {},
): Promise<TestClient> {
  const token = await tokenFor(identity, grant, more)
  const client = open(server, `access_token=${token}&${packJoin({ media, ...request })}`, false, '/rtc/v1')
  await client.next('join')
  await client.next('update', (update) =>
    update.participants.some((each) => each.sid === client.sid() && each.state === 2),
  )
  return client
}

/** Connects and waits until the participant is active. */
export async function connectActive(server: TestServer, identity: string, options: ClientOptions = {}) {
  const client = await connect(server, identity, options)
  await client.next('update', (update) =>
    update.participants.some((each) => each.sid === client.sid() && each.state === 2),
  )
  return client
}

export function open(server: TestServer, query: string, answers = true, path = '/rtc'): TestClient {
  const socket = new WebSocket(`ws://${server.host}${path}?${query}`)
  const heard: SignalReply[] = []
  const given = new Map<string, number>()
  let wake = () => {}
  let ended: Error | undefined
  const closed = new Promise<number>((done) => socket.once('close', done))
  socket.on('error', (error) => {
    ended = error
    wake()
  })
  socket.on('close', () => {
    ended ??= new Error('the connection has closed')
    wake()
  })
  socket.on('message', (data: Buffer) => {
    const message = SignalResponse.fromBinary(data).message as SignalReply
    heard.push(message)
    if (answers && message.case === 'offer') {
      client.say({ case: 'answer', value: new SessionDescription({ type: 'answer', sdp: '[]', id: message.value.id }) })
    }
    const woken = wake
    wake = () => {}
    woken()
  })

  async function next<C extends Case>(kind: C, where: (value: ValueOf<C>) => boolean = () => true) {
    for (;;) {
      const from = given.get(kind) ?? 0
      const index = heard.findIndex((each, at) => at >= from && each.case === kind && where(each.value as ValueOf<C>))
      if (index >= 0) {
        given.set(kind, index + 1)
        return heard[index]?.value as ValueOf<C>
      }
      if (ended) throw new Error(`${kind} was not heard before: ${ended.message}`)
      await new Promise<void>((done) => {
        const before = wake
        wake = () => {
          before()
          done()
        }
      })
    }
  }

  const client: TestClient = {
    heard,
    cases: () => heard.map((message) => message.case),
    next,
    say: (message) => socket.send(new SignalRequest({ message }).toBinary()),
    sayBytes: (bytes) => socket.send(bytes),
    offer: (media, id = 1) =>
      client.say({ case: 'offer', value: new SessionDescription({ type: 'offer', sdp: JSON.stringify(media), id }) }),
    settled: async () => {
      // The pong is written after whatever the earlier requests have led to; the second round sees the engine's part too.
      for (let round = 0; round < 2; round++) {
        client.say({ case: 'ping', value: BigInt(round) })
        await next('pong')
      }
    },
    closed,
    cut: () => socket.terminate(),
    sid: () => {
      const join = heard.find((message) => message.case === 'join')
      return join?.case === 'join' ? (join.value.participant?.sid ?? '') : ''
    },
  }
  return client
}

export function addTrack(client: TestClient, request: ConstructorParameters<typeof AddTrackRequest>[0]): void {
  client.say({ case: 'addTrack', value: new AddTrackRequest(request) })
}
