/** The port a Maru listens on when nothing else is said. */
const DEFAULT_PORT = 7880

export interface Address {
  /** Socket addresses in the order to try. */
  candidates: string[]
  /** The room of a link. */
  room: string | undefined
}

/** Reads `host`, `host:port` and `https://host/r/ROOM`; `undefined` where it is none of them. */
export function readAddress(text: string): Address | undefined {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  const url = URL.parse(hasScheme ? text : `http://${text}`)
  if (!url || url.hostname === '' || url.username !== '' || !/^(https?|wss?):$/.test(url.protocol)) return undefined
  const room = roomOf(url.pathname)
  if (room === null) return undefined
  if (hasScheme) {
    const scheme = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss' : 'ws'
    return { candidates: [`${scheme}://${url.host}/socket`], room }
  }
  // `http://host:80` forgets its port when parsed; what was typed tells.
  const port = /:(\d+)(?:[/?#]|$)/.exec(text.replace(/^\[[^\]]*\]/, ''))?.[1]
  const host = `${url.hostname}:${port ?? DEFAULT_PORT}`
  return { candidates: [`wss://${host}/socket`, `ws://${host}/socket`], room }
}

/** The room of a path, `undefined` for none, `null` for a path that is not of ours. */
function roomOf(path: string): string | undefined | null {
  const encoded = /^\/+r\/+([^/]+)\/*$/.exec(path)?.[1]
  if (encoded === undefined) return /^\/*$/.test(path) ? undefined : null
  try {
    return decodeURIComponent(encoded)
  } catch {
    return null
  }
}
