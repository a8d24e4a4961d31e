import { expect, test } from 'vitest'
import { UploadRefused, uploadFile } from './upload.ts'

/** A server that keeps what comes, and fails as it is told to. */
function server(failures: ('lost' | 'lostAfter')[] = []) {
  const kept: number[] = []
  const info = { id: 'FI_1', name: 'a.bin', type: 'application/octet-stream', size: 0 }
  const fetch = (async (_path: string, { method, body, headers }: RequestInit) => {
    const answer = () => Response.json({ file: info, received: kept.length })
    if (method !== 'PATCH') return answer()
    const failure = failures.shift()
    if (failure === 'lost') throw new TypeError('network')
    const offset = Number((headers as Record<string, string>)['upload-offset'])
    if (offset !== kept.length) return Response.json({ code: 'offset_wrong', message: '' }, { status: 409 })
    for (const byte of new Uint8Array(await (body as Blob).arrayBuffer())) kept.push(byte)
    if (failure === 'lostAfter') throw new TypeError('network')
    return answer()
  }) as typeof globalThis.fetch
  return { kept, fetch }
}

const bytes = Uint8Array.from({ length: 2_500_000 }, (_, index) => index % 251)
const options = (fetch: typeof globalThis.fetch, seen: number[]) => ({
  room: 'r',
  token: 't',
  details: {},
  signal: new AbortController().signal,
  onProgress: (share: number) => seen.push(share),
  fetch,
  wait: async () => undefined,
})

test('a file comes in pieces, and goes on after losses where the server has it', async () => {
  const { kept, fetch } = server(['lost', 'lostAfter', 'lost'])
  const seen: number[] = []
  await uploadFile(new File([bytes], 'a.bin'), options(fetch, seen))
  expect(kept.length).toBe(bytes.length)
  expect(kept.every((byte, index) => byte === index % 251)).toBe(true)
  expect(seen.at(-1)).toBe(1)
})

test('a refusal is told by its code and not tried again', async () => {
  const fetch = (async () =>
    Response.json({ code: 'file_too_large', message: 'x' }, { status: 413 })) as typeof globalThis.fetch
  const failure = await uploadFile(new File(['x'], 'a'), options(fetch, [])).catch((error) => error)
  expect(failure).toBeInstanceOf(UploadRefused)
  expect(failure.code).toBe('file_too_large')
})
