/** The one TCP port: plain HTTP and TLS on the same number, told apart by the first byte of a connection. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { App } from './app.ts'

export interface Listener {
  readonly port: number
  close(): Promise<void>
}

export async function listen({ port, host, app }: { port: number; host?: string; app: App }): Promise<Listener> {
  const sockets = new Set<Socket>()
  const front = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    app.server.emit('connection', socket)
  })
  await opened(front, port, host ?? '::')
  return {
    port: (front.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        front.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function opened(front: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    front.once('error', reject)
    front.listen({ port, host }, () => {
      front.off('error', reject)
      resolve()
    })
  })
}
