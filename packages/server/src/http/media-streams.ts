/**
 * TCP connections that carry media (ICE over TCP, RFC 6544), for people behind firewalls that let nothing else through. The bytes go
 * to the engine and come from it; it knows the frames, whose they are, and how much may wait. Here is who may keep a connection open.
 */
import type { Socket } from 'node:net'
import type { MediaStreams } from '../media/media-engine.ts'
import { networkOf } from './network-of.ts'
import { createTally } from './tally.ts'

export interface StreamLimits {
  /** Until the engine has answered, which it does when a client shows that it belongs to a call. */
  proofMs: number
  /** Without a byte from the client, which sends several a minute as long as it needs the connection. */
  idleMs: number
  /** Connections of one network that have not been answered yet. */
  unproven: number
  /** Connections of everybody. */
  total: number
}

/** A class behind one router that comes at once opens a handful each. */
const LIMITS: StreamLimits = { proofMs: 15_000, idleMs: 45_000, unproven: 256, total: 8_192 }

/** The way for connections whose first byte is that of a frame. */
export function acceptMediaStreams(streams: MediaStreams, limits: StreamLimits = LIMITS): (socket: Socket) => void {
  const sockets = new Map<number, { socket: Socket; prove(): void }>()
  const unproven = createTally()

  streams.onOutput((outputs) => {
    for (const { stream, bytes, ended } of outputs) {
      const known = sockets.get(stream)
      if (!known) continue
      known.prove()
      if (bytes.length > 0) known.socket.write(bytes, () => streams.written(stream, bytes.length))
      if (ended) known.socket.end()
    }
  })

  return (socket) => {
    const { remoteAddress, remotePort, localAddress, localPort } = socket
    const network = networkOf(socket)
    const isFull = unproven.of(network) >= limits.unproven
    if (!remoteAddress || !remotePort || !localAddress || !localPort || isFull || sockets.size >= limits.total) {
      return void socket.destroy()
    }
    const stream = streams.open(remoteAddress, remotePort, localAddress, localPort)
    if (stream === 0) return void socket.destroy()
    const discount = unproven.add(network)
    const prove = () => {
      clearTimeout(timer)
      discount()
    }
    const timer = setTimeout(() => socket.destroy(), limits.proofMs)
    sockets.set(stream, { socket, prove })
    socket.allowHalfOpen = false
    socket.setTimeout(limits.idleMs, () => socket.destroy())
    socket.on('close', () => {
      prove()
      sockets.delete(stream)
      streams.close(stream)
    })
    socket.on('data', (bytes) => {
      if (!streams.receive(stream, bytes)) socket.destroy()
    })
    socket.resume()
  }
}
