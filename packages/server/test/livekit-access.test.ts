import { createHmac } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { gzipSync } from 'node:zlib'
import {
  RoomAgentDispatch,
  RoomConfiguration,
  TrackSource,
  UpdateParticipantMetadata,
  WrappedJoinRequest,
} from '@livekit/protocol'
import { decodeJwt, SignJWT } from 'jose'
import { AccessToken, TokenVerifier } from 'livekit-server-sdk'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { fixedKeys } from '../src/api-keys.ts'
import { addTrack, connect, connectSingle, open, packJoin, spare } from './livekit-client.ts'
import { keys, signToken, startTestServer, type TestServer, tokenFor } from './livekit-server.ts'
import { createSimulatedEngine } from './livekit-simulated-engine.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer(createSimulatedEngine())
})
afterAll(() => server.close())

const hour = () => Math.floor(Date.now() / 1000) + 3600
const ago = (seconds: number) => Math.floor(Date.now() / 1000) - seconds
const good = { iss: keys.apiKey, sub: 'ana', video: { roomJoin: true, room: 'hall' } }
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

function signJson(payload: string, header: object = { alg: 'HS256' }): string {
  const signed = `${encode(header)}.${Buffer.from(payload).toString('base64url')}`
  return `${signed}.${createHmac('sha256', keys.apiSecret).update(signed).digest('base64url')}`
}

const validate = (query: string, headers: Record<string, string> = {}) =>
  fetch(`http://${server.host}/rtc/validate?${query}`, { headers })

describe('a token', () => {
  test.each<[string, number, string, () => Promise<string> | string]>([
    ['of another key', 401, 'invalid API key', () => signToken({ ...good, iss: 'other', exp: hour() })],
    ['without a key', 401, 'invalid API key', () => signToken({ ...good, iss: undefined, exp: hour() })],
    [
      'signed with another secret',
      401,
      'signature is invalid',
      () => signToken({ ...good, exp: hour() }, 'x'.repeat(32)),
    ],
    ['that is expired', 401, 'is expired', () => signToken({ ...good, exp: ago(61) })],
    ['without an expiry', 401, 'has no expiry', () => signToken(good)],
    ['that is not valid yet', 401, 'not valid yet', () => signToken({ ...good, exp: hour(), nbf: ago(-120) })],
    ['that is no token', 401, 'invalid authorization token', () => 'hello'],
    ['without a signature', 401, 'not HS256', () => `${encode({ alg: 'none' })}.${encode({ ...good, exp: hour() })}.`],
    [
      'of another algorithm',
      401,
      'not HS256',
      () =>
        new SignJWT({ ...good, exp: hour() })
          .setProtectedHeader({ alg: 'HS512' })
          .sign(new TextEncoder().encode(keys.apiSecret)),
    ],
    ...['RS256', 'ES256', 'PS256', 'EdDSA', 'hs256', 'None'].map((alg): [string, number, string, () => string] => [
      `that claims to be ${alg} and is signed with the secret`,
      401,
      'not HS256',
      () => signJson(JSON.stringify({ ...good, exp: hour() }), { alg }),
    ]),
    ['with a claim of a wrong type', 401, 'wrong type', () => signToken({ ...good, exp: hour(), video: 'yes' })],
    [
      'with an expiry beyond all time',
      401,
      'wrong type',
      () => signJson(JSON.stringify({ ...good, exp: 0 }).replace('"exp":0', '"exp":1e999')),
    ],
    ...[-1, 1.5, 2 ** 32].map((maxParticipants): [string, number, string, () => Promise<string>] => [
      `with room for ${maxParticipants} people`,
      401,
      'wrong type',
      () => signToken({ ...good, exp: hour(), roomConfig: { maxParticipants } }),
    ]),
    [
      'without the right to join',
      401,
      'permissions denied',
      () => signToken({ ...good, exp: hour(), video: { room: 'hall' } }),
    ],
    ['without a room', 400, 'no room name', () => signToken({ ...good, exp: hour(), video: { roomJoin: true } })],
    ['without an identity', 400, 'identity', () => signToken({ ...good, sub: '', exp: hour() })],
    ['with an identity too long', 400, 'identity', () => signToken({ ...good, sub: 'x'.repeat(257), exp: hour() })],
  ])('%s is refused with %i, and pages of other origins can read why', async (_what, status, text, make) => {
    const token = await make()
    const response = await validate(`access_token=${token}`)
    const body = await response.text()
    expect([response.status, body]).toEqual([status, expect.stringContaining(text)])
    expect(body).not.toContain(token)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    await expect(open(server, `access_token=${token}`).next('join')).rejects.toThrow(`response: ${status}`)
  })

  test.each([
    ['a little expired', { exp: ago(30) }],
    ['valid in a moment', { nbf: ago(-30), exp: hour() }],
  ])('%s is within the leeway', async (_what, claims) => {
    const response = await validate(`access_token=${await signToken({ ...good, ...claims })}`)
    expect([response.status, await response.text()]).toEqual([200, 'success'])
  })

  test('may come in the header; another scheme is no token, and none at all is refused', async () => {
    const token = await tokenFor('ana')
    expect((await validate('', { authorization: `Bearer ${token}` })).status).toBe(200)
    expect((await validate('', { authorization: `Basic ${token}` })).status).toBe(401)
    expect((await validate('')).status).toBe(401)
  })

  test('of a member opens the call of its room for six hours', async () => {
    const token = await server.livekit.mintCallToken({ identity: 'ME_1', name: '지우', room: '마루' })
    const claims = decodeJwt(token)
    expect(claims.exp).toBe(Math.floor(server.clock.now / 1000) + 6 * 3600)
    const client = open(server, `access_token=${token}`)
    const { participant, room } = await client.next('join')
    expect(room?.name).toBe('마루')
    expect(participant).toMatchObject({
      identity: 'ME_1',
      name: '지우',
      permission: { canPublish: true, canSubscribe: true, canPublishData: true, canUpdateMetadata: true },
    })
  })

  test('without the right to subscribe makes the publisher transport the primary one', async () => {
    const client = await connect(server, 'mute', { grant: { canSubscribe: false, canPublish: false } })
    const [join] = client.heard
    expect(join?.case === 'join' && [join.value.subscriberPrimary, join.value.fastPublish]).toEqual([false, false])
    expect(join?.case === 'join' && join.value.participant?.permission?.canPublishData).toBe(false)
  })
})

test('a token for sources that this server does not know allows none of those it knows', async () => {
  const client = await connect(server, 'odd', { grant: { canPublishSources: ['hologram'] } })
  const [join] = client.heard
  const permission = join?.case === 'join' ? join.value.participant?.permission : undefined
  expect(permission).toMatchObject({ canPublish: false, canPublishData: true })
  addTrack(client, { cid: 'cam', type: 1, source: 1 })
  expect(await client.next('requestResponse')).toMatchObject({ reason: 2 })
})

describe('keys', () => {
  const other = { apiKey: 'other', apiSecret: 'another-secret-of-thirty-two-characters' }
  const third = { apiKey: 'third', apiSecret: 'a-third-secret-of-thirty-two-characters' }

  test('several hold at once, each with its own secret; the first signs what the server gives out', async () => {
    const several = await startTestServer(createSimulatedEngine(), { apiKeys: fixedKeys(keys, other) })
    onTestFinished(() => several.close())
    const ask = async (token: string) => {
      const response = await fetch(`http://${several.host}/rtc/validate?access_token=${token}`)
      return `${response.status} ${await response.text()}`
    }
    const claims = { ...good, exp: hour() }
    expect(await ask(await signToken(claims))).toBe('200 success')
    expect(await ask(await signToken({ ...claims, iss: 'other' }, other.apiSecret))).toBe('200 success')
    expect(await ask(await signToken({ ...claims, iss: 'other' }))).toBe(
      '401 invalid token: token signature is invalid',
    )
    const unknown = await signToken({ ...claims, iss: 'third' }, third.apiSecret)
    expect(await ask(unknown)).toBe('401 invalid API key: third')
    const client = open(several, `access_token=${await signToken({ ...claims, iss: 'other' }, other.apiSecret)}`)
    const fresh = await client.next('refreshToken')
    const verifier = new TokenVerifier(keys.apiKey, keys.apiSecret)
    expect(await verifier.verify(fresh, 0)).toMatchObject({ sub: 'ana', video: { roomJoin: true, room: 'hall' } })
    const own = await several.livekit.mintCallToken({ identity: 'ME_1', name: 'Bo', room: 'hall' })
    expect(await verifier.verify(own, 0)).toMatchObject({ sub: 'ME_1' })
  })

  test('a key that is taken away ends no call, and lets nobody in', async () => {
    let current = fixedKeys(keys, other)
    const apiKeys = { signing: () => current.signing(), secretOf: (key: string) => current.secretOf(key) }
    const changing = await startTestServer(createSimulatedEngine(), { apiKeys })
    onTestFinished(() => changing.close())
    const video = { ...good.video, canUpdateOwnMetadata: true }
    const token = await signToken({ ...good, video, exp: hour(), iss: 'other' }, other.apiSecret)
    const client = open(changing, `access_token=${token}`)
    await client.next('refreshToken')
    current = fixedKeys(third, keys)
    await expect(open(changing, `access_token=${token}`).next('join')).rejects.toThrow('response: 401')
    client.say({ case: 'updateMetadata', value: new UpdateParticipantMetadata({ name: 'Ana' }) })
    await client.settled()
    expect(decodeJwt(await client.next('refreshToken')).iss).toBe('third')
  })
})

test("a token of LiveKit's own library carries everything it can say, the configuration of the room too", async () => {
  const own = await startTestServer(createSimulatedEngine())
  onTestFinished(() => own.close())
  const token = new AccessToken(keys.apiKey, keys.apiSecret, {
    identity: 'ana',
    name: 'Ana',
    metadata: 'm',
    attributes: { hat: 'red' },
    ttl: '10m',
  })
  token.kind = 'agent'
  // The library has no word for it yet.
  Object.assign(token, { grants: { ...Object(token).grants, kindDetails: ['cloud_agent', 'new'] } })
  token.roomPreset = 'large'
  token.roomConfig = new RoomConfiguration({
    name: 'preset',
    emptyTimeout: 60,
    departureTimeout: 7,
    maxParticipants: 3,
    metadata: 'about the room',
    agents: [new RoomAgentDispatch({ agentName: 'helper' })],
    egress: { tracks: { filepath: 'x' } },
    minPlayoutDelay: 100,
    maxPlayoutDelay: 200,
    syncStreams: true,
    tags: { team: 'blue' },
  })
  token.addGrant({ roomJoin: true, room: 'hall', canPublishSources: [TrackSource.CAMERA], agent: true, hidden: false })
  token.addSIPGrant({ admin: true })
  const { participant, room } = await open(own, `access_token=${await token.toJwt()}`).next('join')
  expect(participant).toMatchObject({
    identity: 'ana',
    name: 'Ana',
    metadata: 'm',
    attributes: { hat: 'red' },
    kind: 4,
    kindDetails: [0],
    permission: { canPublish: true, canPublishSources: [TrackSource.CAMERA], agent: true },
  })
  const wanted = { name: 'hall', emptyTimeout: 60, departureTimeout: 7, maxParticipants: 3, metadata: 'about the room' }
  expect(room).toMatchObject(wanted)
})

describe('the doors', () => {
  const ofMaybe = { clientInfo: undefined, connectionSettings: undefined }
  const tooLong = Buffer.from(
    new WrappedJoinRequest({ compression: 1, joinRequest: gzipSync(Buffer.alloc(2 << 20)) }).toBinary(),
  )
  test.each([
    ['nothing', '', 400, 'missing'],
    ['junk', 'join_request=____', 400, 'cannot be read'],
    ['half of one', packJoin({ media: spare(3, 3) }).slice(0, 60), 400, 'cannot be read'],
    ['one with far too many tracks', packJoin({ addTrackRequests: Array(101).fill({}) }), 400, 'too many tracks'],
    ['one that grows to more than 1 MiB', `join_request=${tooLong.toString('base64url')}`, 400, 'cannot be read'],
    ['metadata too long', packJoin({ metadata: 'x'.repeat(600_000) }), 400, 'metadata is too long'],
    [
      'attributes too long',
      packJoin({ participantAttributes: { a: 'x'.repeat(70_000) } }),
      400,
      'attributes are too long',
    ],
    ['nothing but the needed', packJoin(ofMaybe as never), 200, 'success'],
  ])('/rtc/v1 with %s', async (_what, query, status, text) => {
    const door = `/rtc/v1?access_token=${await tokenFor('ana')}&${query}`
    const response = await fetch(`http://${server.host}${door.replace('?', '/validate?')}`)
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)])
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    if (status !== 200) expect(await upgradeStatus(door)).toBe(status)
  })

  test('what a client says of itself when it joins needs the right to it', async () => {
    const about = { metadata: 'm', participantAttributes: { hat: 'red' } }
    const ana = await connectSingle(server, 'ana', about)
    const [join] = ana.heard
    const { metadata, attributes } = (join?.case === 'join' && join.value.participant) || {}
    expect([metadata, attributes]).toEqual(['m', { hat: 'red' }])
    const token = await tokenFor('bo', { canUpdateOwnMetadata: false })
    const response = await fetch(`http://${server.host}/rtc/v1/validate?access_token=${token}&${packJoin(about)}`)
    expect(response.status).toBe(401)
  })

  test('/rtc without an upgrade is nothing, a doubled slash is one', async () => {
    expect((await fetch(`http://${server.host}/rtc`)).status).toBe(404)
    const response = await fetch(`http://${server.host}//rtc/validate?access_token=${await tokenFor('ana')}`)
    expect(response.status).toBe(200)
  })

  test.each([
    ['HEAD', '/', 200, ''],
    ['GET', '/settings/regions', 404, 'this server has one region'],
    ['POST', '/whip/v1', 501, 'not available on this server'],
    ['GET', '/agent', 501, 'not available on this server'],
  ])('%s %s is answered to pages of any origin', async (method, path, status, text) => {
    const response = await fetch(`http://${server.host}${path}`, { method, headers: { origin: 'http://app.example' } })
    expect([response.status, await response.text()]).toEqual([status, text])
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    const asked = await fetch(`http://${server.host}${path}`, {
      method: 'OPTIONS',
      headers: { origin: 'http://app.example', 'access-control-request-method': method },
    })
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, 'http://app.example'])
  })

  test('a worker for agents hears that there are none here', async () => {
    expect(await upgradeStatus('/agent')).toBe(501)
  })

  test('any origin may ask beforehand', async () => {
    const response = await fetch(`http://${server.host}/twirp/livekit.RoomService/ListRooms`, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    })
    expect(response.headers.get('access-control-allow-origin')).toBe('http://app.example')
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization')
    expect(response.headers.get('access-control-max-age')).toBe('86400')
  })

  test('attributes in the address need the right to them', async () => {
    const attributes = Buffer.from(JSON.stringify({ hat: 'red' })).toString('base64url')
    const client = await connect(server, 'ana', { query: `attributes=${attributes}` })
    const [join] = client.heard
    expect(join?.case === 'join' && join.value.participant?.attributes).toEqual({ hat: 'red' })
    const token = await tokenFor('bo', { canUpdateOwnMetadata: false })
    expect((await validate(`access_token=${token}&attributes=${attributes}`)).status).toBe(401)
    expect((await validate(`access_token=${token}&attributes=%00`)).status).toBe(400)
  })
})

function upgradeStatus(path: string): Promise<number | undefined> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'x',
  }
  return new Promise((done, failed) => {
    httpRequest(`http://${server.host}${path}`, { headers }, (response) => done(response.statusCode))
      .on('error', failed)
      .end()
  })
}
