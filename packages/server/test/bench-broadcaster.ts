// `bench-broadcaster.ts raw|ws`: the least that a server pays for telling many something. `raw` makes one system call for each socket and nothing else.
import { writeSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { WebSocketServer } from 'ws'

function raw(): Server {
  const descriptors = new Set<number>()
  const server = createServer({ noDelay: true }, (socket) => {
    const { fd } = (socket as Socket & { _handle: { fd: number } })._handle
    descriptors.add(fd)
    socket.on('error', () => {})
    socket.on('close', () => descriptors.delete(fd))
    socket.resume()
  })
  process.on('message', (text) => {
    const bytes = Buffer.from(String(text))
    for (const fd of descriptors) writeSync(fd, bytes)
  })
  return server
}

function webSocket(): Server {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  process.on('message', (text) => {
    for (const socket of server.clients) socket.send(String(text))
  })
  return (server as WebSocketServer & { _server: Server })._server
}

const kind = process.argv[2]
const server = kind === 'raw' ? raw().listen(0, '127.0.0.1') : webSocket()
server.on('listening', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
