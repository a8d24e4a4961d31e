import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { onTestFinished, test, vi } from 'vitest'
import { answering, answerTo, readDelivery } from '../../../examples/dice-bot/bot.ts'
import { deliverHooks } from '../src/hooks/deliver-hooks.ts'
import { createPost, post } from '../src/hooks/post.ts'
import { outcomeOf } from '../src/hooks/retry.ts'
import { isPublicAddress } from '../src/rooms/public-address.ts'
import { operatorToken, restServer } from './rest-harness.ts'
import { createTimers, startRoomServer, temporaryFolder } from './room-harness.ts'

interface Arrived {
  signature: string
  delivery: string
  body: string
}

/** A receiver that answers what the test wants. */
async function receiver() {
  const arrived: Arrived[] = []
  const answers: (number | 'hang up')[] = []
  let changed = () => {}
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = answers.shift() ?? 204
    const { headers } = request
    arrived.push({
      signature: String(headers['maru-signature']),
      delivery: String(headers['maru-delivery']),
      body: Buffer.concat(chunks).toString(),
    })
    if (answer === 'hang up') request.socket.destroy()
    else response.writeHead(answer, { location: 'http://127.0.0.1:1/' }).end()
    changed()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const count = (wanted: number) =>
    new Promise<void>((resolve) => {
      changed = () => arrived.length >= wanted && resolve()
      changed()
    })
  const texts = () => arrived.map(({ body }) => JSON.parse(body).entry.text)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`, arrived, answers, count, texts }
}

async function server() {
  const started = await startRoomServer({ schedule: createTimers().schedule })
  onTestFinished(() => started.close())
  return started
}

const settle = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('messages arrive signed and in order, again after a failure, and private ones never', async ({ expect }) => {
  const timers = createTimers()
  const { ask, askAs, enter, say, storage } = await restServer({ schedule: timers.schedule })
  const operator = askAs(await operatorToken({ roomCreate: true }))
  const { url, arrived, answers, count, texts } = await receiver()
  await say('before the hook')
  const { json } = await operator('POST', '/api/rooms/hall/hooks', { url })
  const state = async () => (await ask('GET', '/api/rooms/hall/hooks')).json.hooks[0]
  // Waited for where nobody is held to a pace.
  const problem = () => storage.read.hooks.find(json.hook.id)?.problem
  answers.push(204, 500, 'hang up', 204)
  const ben = await enter('Ben')
  await say('one')
  await count(1)
  await say('for Ben', { to: ben.me.id })
  const two = await say('two')
  await count(2)
  await settle(() => arrived.length === 2)
  await settle(() => problem() !== undefined)
  expect((await state()).problem).toBe('answered 500')
  await say('three')
  for (const delay of [1_000, 2_000]) {
    const before = arrived.length
    // The retry is set once the answer was read.
    while (arrived.length === before) {
      timers.run(delay)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  await count(5)
  expect(texts()).toEqual(['one', 'two', 'two', 'two', 'three'])
  await settle(() => problem() === undefined)
  expect((await state()).problem).toBeUndefined()
  expect(new Set(arrived.slice(1, 4).map(({ delivery }) => delivery))).toEqual(new Set([`${json.hook.id}-${two}`]))
  for (const { signature, body } of arrived) {
    const [, time, hmac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? []
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60)
    expect(hmac).toBe(createHmac('sha256', json.secret).update(`${time}.${body}`).digest('hex'))
  }

  // A refusal holds nothing up, and a redirect leads nowhere.
  answers.push(400, 302)
  await say('refused')
  await say('sent elsewhere')
  const edited = await say('with a mistake')
  await ask('PATCH', `/api/rooms/hall/messages/${edited}`, { text: 'without' })
  await count(9)
  expect(texts().slice(5)).toEqual(['refused', 'sent elsewhere', expect.any(String), 'without'])
  await operator('DELETE', `/api/rooms/hall/hooks/${json.hook.id}`)
  await say('after the hook')
  expect((await ask('GET', '/api/rooms/hall/hooks')).json.hooks).toEqual([])
  expect(arrived).toHaveLength(9)
})

test('what could not be delivered is delivered after a restart', async ({ expect }) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const { url, answers, count, texts } = await receiver()
  const first = await startRoomServer({ file: folder.file, schedule: createTimers().schedule })
  const { storage } = first
  await storage.write(({ rooms, hooks, entries }) => {
    const roomId = rooms.ensure('hall')
    hooks.insert({ id: 'HK_1', roomId, url, secret: 's', createdBy: '', delivered: 0 })
    entries.append(roomId, { kind: 'message', member: 'ME_a', name: 'A', text: 'one', clientId: '1' })
    entries.append(roomId, { kind: 'message', member: 'ME_a', name: 'A', text: 'two', clientId: '2' })
  })
  answers.push(204, 503)
  first.bus.publish({ type: 'hooksChanged' })
  await count(2)
  await settle(() => storage.read.hooks.find('HK_1')?.problem === 'answered 503')
  await first.close()
  const second = await startRoomServer({ file: folder.file })
  onTestFinished(() => second.close())
  await count(3)
  expect(texts()).toEqual(['one', 'two', 'two'])
})

test('a webhook passes over what is said in private, however much, and others have their turn meanwhile', async ({
  expect,
}) => {
  const { url, count, texts } = await receiver()
  const { storage, bus } = await server()
  const between = { to: { id: 'ME_b', name: 'B' } }
  await storage.write(({ rooms, hooks, entries }) => {
    const roomId = rooms.ensure('hall')
    hooks.insert({ id: 'HK_1', roomId, url, secret: 's', createdBy: '', delivered: 0 })
    const say = (clientId: string, more: object = {}) =>
      entries.append(roomId, { kind: 'message', member: 'ME_a', name: 'A', text: clientId, clientId, ...more })
    for (let n = 0; n < 950; n += 1) say(`private ${n}`, between)
    say('public')
  })
  const read = vi.spyOn(storage.read.entries, 'changesAfter')
  let turns = 0
  const turn = () => {
    turns += 1
    if (texts().length === 0) setImmediate(turn)
  }
  bus.publish({ type: 'hooksChanged' })
  turn()
  await count(1)
  expect(texts()).toEqual(['public'])
  expect(read.mock.calls.map(([, after]) => after).slice(0, 5)).toEqual([0, 200, 400, 600, 800])
  expect(turns).toBeGreaterThan(4)
})

test('a log that cannot be read for a while holds a webhook up and no longer', async ({ expect }) => {
  const { url, count, texts } = await receiver()
  const timers = createTimers()
  const { storage, bus } = await server()
  await storage.write(({ rooms, hooks, entries }) => {
    const roomId = rooms.ensure('hall')
    hooks.insert({ id: 'HK_1', roomId, url, secret: 's', createdBy: '', delivered: 0 })
    entries.append(roomId, { kind: 'message', member: 'ME_a', name: 'A', text: 'one', clientId: '1' })
  })
  const failures: unknown[] = []
  let isAway = true
  const entries = {
    ...storage.read.entries,
    changesAfter(...values: Parameters<typeof storage.read.entries.changesAfter>) {
      if (isAway) throw new Error('away')
      return storage.read.entries.changesAfter(...values)
    },
  }
  const stop = deliverHooks({
    storage: { ...storage, read: { ...storage.read, entries } },
    bus,
    schedule: timers.schedule,
    now: Date.now,
    post,
    failed: (error) => failures.push(error),
  })
  onTestFinished(stop)
  await settle(() => failures.length === 1)
  isAway = false
  timers.run(1_000)
  await count(1)
  expect(texts()).toEqual(['one'])
})

test('an owner reaches nothing but the Internet, whatever a name stands for', async ({ expect }) => {
  for (const [address, isPublic] of [
    ['8.8.8.8', true],
    ['2606:4700:4700::1111', true],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.31.0.1', false],
    ['192.168.0.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['::ffff:127.0.0.1', false],
    ['64:ff9b::7f00:1', false],
    ['fe80::1', false],
    ['fd00::1', false],
    ['2002:7f00:1::', false],
    ['2001:db8::1', false],
  ] as const)
    expect([address, isPublicAddress(address)]).toEqual([address, isPublic])
  const { ask } = await restServer()
  for (const url of [
    'http://localhost/',
    'http://127.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://[::1]/',
    'http://[::ffff:7f00:1]/',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'http://',
  ])
    expect([url, (await ask('POST', '/api/rooms/hall/hooks', { url })).json.code]).toEqual([url, 'hook_bad'])
  const { url, arrived } = await receiver()
  const more = { headers: {}, body: '', isTrusted: false, signal: new AbortController().signal }
  for (const host of ['127.0.0.1', 'localhost', 'localhost.'])
    await expect(post({ ...more, url: url.replace('127.0.0.1', host) })).rejects.toThrow()
  expect(arrived).toEqual([])
})

test('a firewall in front of the machine is not walked around: its own addresses and networks are no Internet', async ({
  expect,
}) => {
  const asked: string[] = []
  const address = (cidr: string, family: 'IPv4' | 'IPv6') => {
    const own = { address: cidr.split('/')[0] ?? '', netmask: '', mac: '', internal: false, cidr }
    return family === 'IPv4' ? { ...own, family } : { ...own, family, scopeid: 0 }
  }
  const toOwner = createPost({
    interfaces: () => ({ eth0: [address('8.8.8.8/24', 'IPv4'), address('2606:4700::1/64', 'IPv6')] }),
    resolver: {
      resolve4: async (name: string) => {
        asked.push(name)
        return name === 'both.example' ? ['1.1.1.1', '10.0.0.1'] : name === 'near.example' ? ['8.8.8.9'] : []
      },
      resolve6: async (name: string) => (name === 'six.example' ? ['2606:4700::2'] : []),
    } as never,
  })
  const more = { headers: {}, body: '', isTrusted: false, signal: new AbortController().signal }
  for (const host of ['8.8.8.8', '8.8.8.200', '[2606:4700::2]', 'near.example', 'six.example', 'both.example'])
    await expect(toOwner({ ...more, url: `http://${host}/` }), host).rejects.toThrow('not one of the Internet')
  expect(asked).toEqual(['near.example', 'six.example', 'both.example'])
})

test('a receiver that answers with no answer holds nothing up for ever', async ({ expect }) => {
  const answers = [
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    'SSH-2.0-server\r\n',
    '',
  ]
  const tcp = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answers.shift() ?? ''))
  })
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void tcp.close())
  const url = `http://127.0.0.1:${(tcp.address() as AddressInfo).port}/`
  const more = { headers: {}, body: 'x', isTrusted: true, signal: new AbortController().signal }
  for (let n = 0; n < 3; n += 1) await expect(post({ ...more, url })).rejects.toThrow()
  expect([101, 200, 302, 404, 429, 500].map(outcomeOf)).toEqual([
    'refused',
    'taken',
    'refused',
    'refused',
    'again',
    'again',
  ])
})

test('the example bot believes signed messages only, and rolls dice', ({ expect }) => {
  const secret = 'secret'
  const body = JSON.stringify({ room: 'hall', entry: { kind: 'message', seq: 7, text: '!roll 2d6' } })
  const at = 1_700_000_000
  const sign = (time: number) => `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`
  const read = (signature: string | undefined) => readDelivery(signature, body, { secret, now: at * 1000 })
  expect(read(sign(at))).toMatchObject({ room: 'hall' })
  for (const bad of [undefined, '', `t=${at},v1=${'0'.repeat(64)}`, sign(at - 600), sign(at).slice(0, -1)])
    expect([bad, read(bad)]).toEqual([bad, undefined])
  const roll = (text: string, more: object = {}) => answerTo({ kind: 'message', seq: 7, text, ...more }, () => 0.5)
  expect(roll('!roll 2d6')).toEqual({ clientId: 'dice-7', text: '2d6: 4 + 4 = **8**', replyTo: 7 })
  expect(roll('!roll')).toMatchObject({ text: '1d6: **4**' })
  for (const text of ['hello', '!roll 99d6', '!roll 0d0', '!rolling'])
    expect([text, roll(text)]).toEqual([text, undefined])
  expect(roll('!roll', { deleted: true })).toBeUndefined()
})

test('the example bot takes a delivery only when its answer has arrived, and no more than one can be', async ({
  expect,
}) => {
  const secret = 'secret'
  const statuses = [502, 201]
  const complaints = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => complaints.mockRestore())
  const sent: unknown[] = []
  const fetcher = (async (_url: string, { body }: { body: string }) => {
    sent.push(JSON.parse(body).clientId)
    const status = statuses.shift()
    if (status === undefined) throw new TypeError('the server restarts')
    return new Response('{}', { status })
  }) as unknown as typeof fetch
  const bot = createServer(answering({ maru: 'http://maru.invalid', token: 't', secret, fetcher }))
  await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void bot.close())
  const at = `http://127.0.0.1:${(bot.address() as AddressInfo).port}/`
  const deliver = async (entry: object) => {
    const body = JSON.stringify({ room: 'hall', entry })
    const time = Math.floor(Date.now() / 1000)
    const hmac = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')
    const headers = { 'maru-signature': `t=${time},v1=${hmac}` }
    return (await fetch(at, { method: 'POST', body, headers })).status
  }
  const roll = { kind: 'message', seq: 7, text: '!roll' }
  expect([await deliver(roll), await deliver(roll), await deliver(roll)]).toEqual([503, 204, 503])
  expect(sent).toEqual(['dice-7', 'dice-7', 'dice-7'])
  expect(complaints).toHaveBeenCalledTimes(2)
  expect(await deliver({ kind: 'message', seq: 8, text: 'hello' })).toBe(204)
  expect(await deliver({ kind: 'message', seq: 9, text: 'x'.repeat(200_000) })).toBe(413)
  expect((await fetch(at, { method: 'POST', body: '{}' })).status).toBe(403)
})
