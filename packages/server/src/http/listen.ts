/**
 * The one TCP port: plain HTTP, TLS and media (ICE over TCP) on the same number, told apart by the first byte of a connection.
 * It ends connections that say nothing; from then on TLS and the application's own time limits hold.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { SecureContextOptions, Server as TlsServer } from 'node:tls'
import type { App } from './app.ts'
import { networkOf as networkOfSocket } from './network-of.ts'
import { createTally } from './tally.ts'

const FIRST_BYTE_TIMEOUT_MS = 10_000
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Those who come at once after a broken network wait in the kernel while this process is busy; a shorter queue turns them away. */
const BACKLOG = 4_096
/** Connections of one network: a full room of people behind one router, with all that their browsers open; and never so many that nobody else comes in. */
const MAX_OF_NETWORK = 8_192
const PART_OF_NETWORK = 0.75
/** How a TLS handshake begins, and no HTTP method does. */
const TLS_HANDSHAKE = 0x16
/** Media begins with a STUN message in a frame: the upper byte of its length, which is less than 512. */
const MAX_FRAME_START = 0x01

export interface Port {
  readonly number: number
  /** Hands everybody who has come so far, and comes from now on, to the application; connections that carry media to `takeMedia`. */
  serve(app: App, takeMedia?: (socket: Socket) => void): void
  /** Takes effect for connections that begin after it. */
  setCertificate(certificate: Certificate): void
  /** Takes no more connections; those that are open stay. */
  stop(): void
  /** Ends every connection at once. */
  close(): Promise<void>
}

export type Certificate = Pick<SecureContextOptions, 'key' | 'cert'>

/** Binds the port without serving yet: the media engine needs the number before the application can be put together. */
export async function openPort({
  port,
  host,
  firstByteTimeoutMs = FIRST_BYTE_TIMEOUT_MS,
  maxConnections,
  full = () => {},
  maxOfNetwork = Math.min(MAX_OF_NETWORK, Math.ceil((maxConnections ?? Infinity) * PART_OF_NETWORK)),
  networkOf = networkOfSocket,
}: {
  port: number
  host?: string
  firstByteTimeoutMs?: number
  /** More are refused: without a bound the system refuses them, and the files and the database as well. */
  maxConnections?: number | undefined
  /** Told whenever one was refused. */
  full?: () => void
  /** Connections of one network, on top of that. */
  maxOfNetwork?: number
  networkOf?: typeof networkOfSocket
}): Promise<Port> {
  const sockets = new Set<Socket>()
  const networks = createTally()
  const early: Socket[] = []
  let app: App | undefined
  let takeMedia: ((socket: Socket) => void) | undefined
  let certificate: Certificate | undefined
  let tls: TlsServer | undefined

  // Paused, so that nothing is read before somebody wants it. Half open, as HTTP servers are: a client may end its side first.
  const front = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) => {
    const network = networkOf(socket)
    if (networks.of(network) >= maxOfNetwork) return void socket.destroy()
    const discount = networks.add(network)
    sockets.add(socket)
    socket.once('close', () => {
      discount()
      sockets.delete(socket)
    })
    socket.on('error', () => socket.destroy())
    if (app) welcome(socket, app)
    else early.push(socket)
  })

  if (maxConnections !== undefined) front.maxConnections = maxConnections
  front.on('drop', full)

  function welcome(socket: Socket, to: App): void {
    greet(socket, to).catch(() => socket.destroy()) // a certificate that TLS does not take
  }

  async function greet(socket: Socket, to: App): Promise<void> {
    const first = await firstByte(socket, firstByteTimeoutMs)
    if (first === undefined) return void socket.destroy()
    if (takeMedia && first <= MAX_FRAME_START) return takeMedia(socket)
    if (first !== TLS_HANDSHAKE) return void to.server.emit('connection', socket)
    socket.allowHalfOpen = false // TLS has its own way to end; a handshake that breaks off ends with it
    tls ??= certificate && (await createTlsServer(to, certificate))
    if (tls) tls.emit('connection', socket)
    else socket.destroy()
  }

  await bind(front, port, host)
  return {
    number: (front.address() as AddressInfo).port,
    serve: (to, media) => {
      app = to
      takeMedia = media
      // The application's server never listens itself; this event is what starts its watch over slow headers and bodies.
      to.server.emit('listening')
      for (const socket of early.splice(0)) welcome(socket, to)
    },
    setCertificate: (next) => {
      certificate = next
      tls?.setSecureContext(next)
    },
    stop: () => void front.close(),
    close: () =>
      new Promise((resolve) => {
        app?.server.close()
        front.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** Made when the first TLS connection comes: most of what TLS costs in memory is paid then. */
async function createTlsServer(app: App, certificate: Certificate): Promise<TlsServer> {
  const { createServer: createSecureServer } = await import('node:tls')
  return createSecureServer(
    { ...certificate, ALPNProtocols: ['http/1.1'], handshakeTimeout: HANDSHAKE_TIMEOUT_MS, minVersion: 'TLSv1.2' },
    (socket) => app.server.emit('connection', socket),
  ).on('tlsClientError', (_error, socket) => socket.destroy())
}

/** Looks at the first byte and leaves it where it is. Nothing when the connection ends, fails or stays silent. */
function firstByte(socket: Socket, timeoutMs: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const done = (byte: number | undefined) => {
      clearTimeout(timer)
      socket.off('readable', look)
      socket.off('close', closed)
      resolve(byte)
    }
    const look = () => {
      const data: Buffer | null = socket.read(1)
      if (data) socket.unshift(data)
      // An end without a byte is 'readable' too.
      done(data?.[0])
    }
    const closed = () => done(undefined)
    // What lies in the socket by then is looked at first: this process may have been too busy to read it.
    const timer = setTimeout(() => setImmediate(closed), timeoutMs)
    socket.on('close', closed)
    socket.on('readable', look)
  })
}

async function bind(front: Server, port: number, host: string | undefined): Promise<void> {
  if (host) return tryBind(front, port, host)
  try {
    await tryBind(front, port, '::') // takes IPv4 as well
  } catch (error) {
    if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    await tryBind(front, port, '0.0.0.0')
  }
}

function tryBind(front: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    front.once('error', reject)
    front.listen({ port, host, backlog: BACKLOG }, () => {
      front.off('error', reject)
      resolve()
    })
  })
}
