import type { Fetcher } from '@maru/client/upload'

/** `fetch`, which cannot tell how much of what it sends has left. Takes of it what an upload needs. */
export const sendRequest: Fetcher = (path, { method = 'GET', headers, body, signal, onSent }) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const request = new XMLHttpRequest()
    request.open(method, path)
    for (const [name, value] of new Headers(headers)) request.setRequestHeader(name, value)
    if (onSent) request.upload.onprogress = ({ loaded }) => onSent(loaded)
    const give = () => request.abort()
    signal?.addEventListener('abort', give, { once: true })
    request.onloadend = () => {
      signal?.removeEventListener('abort', give)
      if (signal?.aborted) return reject(signal.reason)
      // As `fetch` has it where nobody answers.
      if (request.status === 0) return reject(new TypeError('The request was lost.'))
      // A status that has no body takes none, not even an empty one.
      resolve(new Response(request.responseText || null, { status: request.status }))
    }
    request.send(body as XMLHttpRequestBodyInit | null | undefined)
  })
