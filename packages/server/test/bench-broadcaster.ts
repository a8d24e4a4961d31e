// `bench-broadcaster.ts raw|ws|stored [FILE]`: the least that a server pays for telling many something. `raw` makes one system call for each socket and
// nothing else. `stored` does what a chat cannot do without, and each in the simplest way: it takes a message from a WebSocket, has it on the disk in
// one table of SQLite, makes one system call for each socket, and one for the answer.
import { writeSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { WebSocketServer } from 'ws'
import { createFrames } from '../src/socket/frames.ts'

/** Descriptors of sockets that are open. */
const descriptors = new Set<number>()

function add(socket: Socket): number {
  const { fd } = (socket as Socket & { _handle: { fd: number } })._handle
  descriptors.add(fd)
  socket.on('error', () => {})
  socket.on('close', () => descriptors.delete(fd))
  return fd
}

function tell(bytes: Buffer): void {
  for (const fd of descriptors) writeSync(fd, bytes)
}

function raw(): Server {
  process.on('message', (text) => tell(Buffer.from(String(text))))
  return createServer({ noDelay: true }, (socket) => {
    add(socket)
    socket.resume()
  }).listen(0, '127.0.0.1')
}

const httpOf = (server: WebSocketServer) => (server as WebSocketServer & { _server: Server })._server
const frameOf = (message: object) => createFrames([JSON.stringify(message)]).webSocket

function stored(file: string): Server {
  const db = new DatabaseSync(file)
  db.exec(`pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full;
    create table entry (seq integer primary key, client_id text not null, text text not null) strict`)
  const insert = db.prepare('insert into entry (client_id, text) values (?, ?)')
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  server.on('connection', (client, request) => {
    const sender = add(request.socket)
    client.on('message', (frame) => {
      const { id, clientId, text } = JSON.parse(String(frame))
      const seq = Number(insert.run(clientId, text).lastInsertRowid)
      const at = Date.now()
      tell(frameOf({ type: 'entry', entry: { seq, at, kind: 'message', clientId, text } }))
      writeSync(sender, frameOf({ type: 'reply', id, seq, at }))
    })
  })
  return httpOf(server)
}

function webSocket(): Server {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  process.on('message', (text) => {
    for (const socket of server.clients) socket.send(String(text))
  })
  return httpOf(server)
}

const [kind, file = ''] = process.argv.slice(2)
const server = kind === 'raw' ? raw() : kind === 'stored' ? stored(file) : webSocket()
server.on('listening', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
