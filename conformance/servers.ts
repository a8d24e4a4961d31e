// What is driven: the built Maru, or the real server where somebody asks for a look at the original.
import { findLivekit, startLivekit } from '../bench/peers/servers.ts'
import { startServer } from '../e2e/stage/server.ts'

export interface Server {
  readonly name: 'Maru' | 'LiveKit'
  /** Plain HTTP, without a slash at the end. */
  readonly url: string
  readonly keys: { apiKey: string; apiSecret: string }
  /** Ends without a word and starts again at the same place; absent where nobody needs it. */
  restart?(): Promise<void>
  stop(): Promise<void>
}

export async function startMaru(): Promise<Server> {
  const server = await startServer()
  return {
    name: 'Maru',
    url: server.url.replace('localhost', '127.0.0.1'),
    keys: server.keys(),
    async restart() {
      await server.kill()
      await server.restart()
    },
    stop: () => server.stop(),
  }
}

/** Also on the interface that the tests' network has besides loopback, for Firefox. */
export async function startPeer(): Promise<Server> {
  const found = findLivekit()
  if (typeof found === 'string') throw new Error(found)
  const { url, keys, end } = await startLivekit(found.file, {
    rtc: { interfaces: { includes: ['lo', 'lan0'] }, ips: { includes: ['127.0.0.0/8', '10.78.80.0/24'] } },
  })
  return { name: 'LiveKit', url, keys, stop: async () => end() }
}
