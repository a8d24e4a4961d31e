import { AppError } from '@maru/protocol'
import { expect, test } from 'vitest'
import { type Fetcher, uploadFile } from './upload-file.ts'

/** A server that keeps what comes, and fails as it is told to. */
function server(failures: ('lost' | 'lostAfter' | 'proxy')[] = []) {
  const kept: number[] = []
  const given: string[] = []
  const info = { id: 'FI_1', name: 'a.bin', type: 'application/octet-stream', size: 0 }
  const fetcher = (async (_path: string, { method = '', body, headers }: RequestInit) => {
    given.push(method)
    const answer = () => Response.json({ file: info, received: kept.length })
    if (method !== 'PATCH') return answer()
    const failure = failures.shift()
    if (failure === 'lost') throw new TypeError('network')
    if (failure === 'proxy') return new Response('<h1>Bad gateway</h1>', { status: 502 })
    const offset = Number((headers as Record<string, string>)['upload-offset'])
    if (offset !== kept.length) return Response.json({ code: 'offset_wrong', message: '' }, { status: 409 })
    for (const byte of new Uint8Array(await (body as Blob).arrayBuffer())) kept.push(byte)
    if (failure === 'lostAfter') throw new TypeError('network')
    return answer()
  }) as typeof fetch
  return { kept, given, fetcher }
}

const content = new Blob([Uint8Array.from({ length: 2_500_000 }, (_, index) => index % 251)])
const options = {
  server: 'http://a',
  room: 'r',
  token: 't',
  announced: { name: 'a.bin', type: 'application/octet-stream' },
  content,
  pause: async () => undefined,
}

test('a file comes in pieces, and goes on after losses where the server has it', async () => {
  const { kept, fetcher } = server(['lost', 'lostAfter', 'proxy', 'lost'])
  const seen: number[] = []
  await uploadFile({ ...options, fetcher, onProgress: (received) => seen.push(received) })
  expect(kept.length).toBe(content.size)
  expect(kept.every((byte, index) => byte === index % 251)).toBe(true)
  expect(seen.at(-1)).toBe(content.size)
})

test('what has left is told while a piece is on its way, and what is there after it', async () => {
  const { fetcher } = server(['lost'])
  const seen: number[] = []
  const telling: Fetcher = (path, init) => {
    // The head of a request may be counted with its body.
    for (const share of [0.5, 1.1]) init.onSent?.(Math.round((init.body as Blob).size * share))
    return fetcher(path, init)
  }
  await uploadFile({
    ...options,
    content: content.slice(0, 1_200_000),
    fetcher: telling,
    onProgress: (bytes) => seen.push(bytes),
  })
  const [piece, rest] = [1_048_576, 1_200_000 - 1_048_576]
  expect(seen).toEqual([
    piece / 2,
    piece,
    // Lost: nothing of it is there.
    0,
    piece / 2,
    piece,
    piece,
    piece + rest / 2,
    1_200_000,
    1_200_000,
  ])
})

test('a server that begins anew is waited for, longer each time, and not for ever', async () => {
  const { kept, fetcher } = server()
  const waits: number[] = []
  let away = 5
  const restarting = (async (path: string, init: RequestInit) => {
    away -= 1
    if (away >= 0) throw new TypeError('connection refused')
    return fetcher(path, init)
  }) as typeof fetch
  const pause = async (failures: number) => void waits.push(failures)
  await uploadFile({ ...options, pause, fetcher: restarting })
  expect(waits).toEqual([1, 2, 3, 4, 5])
  expect(kept.length).toBe(content.size)
  away = Number.POSITIVE_INFINITY
  const failure = await uploadFile({ ...options, pause, fetcher: restarting }).catch((error) => error)
  expect(failure.code).toBe('disconnected')
  expect(waits.slice(5)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('a request that nobody answers ends, and the upload goes on', async () => {
  const { kept, fetcher } = server()
  let silent = 2
  const ended: AbortController[] = []
  const patience = () => {
    const limit = new AbortController()
    ended.push(limit)
    return limit.signal
  }
  const mute = ((path: string, init: RequestInit) => {
    silent -= 1
    if (silent < 0) return fetcher(path, init)
    queueMicrotask(() => ended.at(-1)?.abort())
    return new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new Error('ended'))))
  }) as typeof fetch
  await uploadFile({ ...options, fetcher: mute, patience })
  expect(kept.length).toBe(content.size)
})

test('a refusal is told by its code and not tried again', async () => {
  const fetcher = (async () => Response.json({ code: 'file_too_large', message: 'x' }, { status: 413 })) as typeof fetch
  const failure = await uploadFile({ ...options, fetcher }).catch((error) => error)
  expect(failure).toBeInstanceOf(AppError)
  expect(failure.code).toBe('file_too_large')
})

test('what is given up is given up on the server too', async () => {
  const { given, fetcher } = server()
  const stop = new AbortController()
  const failure = await uploadFile({
    ...options,
    fetcher,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  }).catch((error) => error)
  expect(failure.name).toBe('AbortError')
  expect(given).toEqual(['POST', 'PATCH', 'DELETE'])
})
