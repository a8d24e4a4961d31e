// `bench-broadcaster.ts raw|ws|stored [FILE]`: the least that a server pays for telling many something. `raw` makes one system call for each socket and
// nothing else; `stored` takes what it tells from one of the sockets, and has it in a file on the disk first.
import { fdatasyncSync, openSync, writeSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { WebSocketServer } from 'ws'

function raw(): Server {
  const descriptors = new Set<number>()
  const tell = (bytes: Buffer) => {
    for (const fd of descriptors) writeSync(fd, bytes)
  }
  const server = createServer({ noDelay: true }, (socket) => {
    const { fd } = (socket as Socket & { _handle: { fd: number } })._handle
    descriptors.add(fd)
    socket.on('error', () => {})
    socket.on('close', () => descriptors.delete(fd))
    if (log === undefined) return void socket.resume()
    socket.on('data', (bytes) => {
      writeSync(log, bytes)
      fdatasyncSync(log)
      tell(bytes)
    })
  })
  process.on('message', (text) => tell(Buffer.from(String(text))))
  return server
}

function webSocket(): Server {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  process.on('message', (text) => {
    for (const socket of server.clients) socket.send(String(text))
  })
  return (server as WebSocketServer & { _server: Server })._server
}

const [kind, file] = process.argv.slice(2)
const log = kind === 'stored' && file !== undefined ? openSync(file, 'a') : undefined
const server = kind !== 'ws' ? raw().listen(0, '127.0.0.1') : webSocket()
server.on('listening', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
