import { limits } from '@maru/protocol'
import type { WebSocketLike } from './connector.ts'

/** The room socket over plain HTTP: an event stream down, requests up. Looks like a WebSocket to whoever uses it. */
export function openEventStream(socketUrl: string, fetcher: typeof fetch = fetch): WebSocketLike {
  const base = socketUrl.replace(/^ws/, 'http')
  const ending = new AbortController()
  let key: string | undefined
  const waiting: string[] = []
  let sending = false
  let said = false
  let open = true

  const stream: WebSocketLike = {
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send(frame) {
      if (!open) return
      if (said) {
        waiting.push(frame)
        void sendWaiting()
        return
      }
      said = true
      listen(frame).then(
        () => end(1006),
        () => end(1006),
      )
    },
    close: () => {
      // What was said last, as a farewell, may still leave.
      void sendWaiting().finally(() => ending.abort())
      open = false
    },
  }
  queueMicrotask(() => stream.onopen?.(undefined as never))

  function end(code: number): void {
    if (!open) return
    open = false
    ending.abort()
    stream.onclose?.({ code, reason: '' })
  }

  async function listen(hello: string): Promise<void> {
    const response = await fetcher(`${base}/stream`, { method: 'POST', body: hello, signal: ending.signal })
    if (!response.ok || !response.body) return
    const read = createEventReader(take)
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      read(decoder.decode(value, { stream: true }))
    }
  }

  function take(event: string, data: string): void {
    if (!open) return
    if (event === 'key') {
      key = data
      void sendWaiting()
    } else if (event === 'close') end(Number(data))
    else stream.onmessage?.({ data })
  }

  /** One request at a time, so that what is said arrives in its order. */
  async function sendWaiting(): Promise<void> {
    if (sending || key === undefined || waiting.length === 0) return
    sending = true
    const frames = waiting.splice(0, fitting(waiting))
    try {
      const init = { method: 'POST', body: frames.join('\n'), keepalive: true }
      const response = await fetcher(`${base}/frames/${key}`, init)
      if (!response.ok) return end(1006)
    } catch {
      return end(1006)
    } finally {
      sending = false
    }
    await sendWaiting()
  }

  return stream
}

/** How many of the frames one request holds: the server takes no more, nor does a browser of what may outlive its page. Always one. */
function fitting(frames: readonly string[]): number {
  let bytes = 0
  const over = frames.findIndex((frame) => {
    bytes += new TextEncoder().encode(frame).length + 1
    return bytes > limits.frameBytes
  })
  return over < 0 ? frames.length : Math.max(1, over)
}

/** Reads `text/event-stream` as it comes, in whatever pieces. */
export function createEventReader(take: (event: string, data: string) => void): (piece: string) => void {
  let rest = ''
  return (piece) => {
    const blocks = (rest + piece).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map<string, string>()
      for (const line of block.split('\n')) {
        const colon = line.indexOf(':')
        if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''))
      }
      const data = fields.get('data')
      if (data !== undefined) take(fields.get('event') ?? 'message', data)
    }
  }
}
