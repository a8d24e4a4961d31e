// A server to be killed: `room-server-process.ts FILE PORT`; tells its port when it listens.
import { startRoomServer } from './room-harness.ts'

const [file = '', port = '0'] = process.argv.slice(2)
const server = await startRoomServer({ ...(file && { file }), port: Number(port) })
process.send?.(server.port)
