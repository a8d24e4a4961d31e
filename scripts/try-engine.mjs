// For the release: takes the library cargo built, names it as Node wants it, loads it and has it open a transport.
// node scripts/try-engine.mjs FOLDER OUTPUT
import { copyFileSync, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { entry, Stop } from './progress.mjs'

entry(async () => {
  const [folder = 'target/dist', output = 'engine.node'] = process.argv.slice(2)
  const names = ['libengine_node.so', 'libengine_node.dylib', 'engine_node.dll']
  const file = names.map((name) => join(folder, name)).find((path) => existsSync(path))
  if (!file) throw new Stop(`There is no engine in ${folder}: cargo build --profile dist --locked -p engine-node`)
  copyFileSync(file, output)
  const { Engine } = createRequire(import.meta.url)(resolve(output))
  let woken = () => {}
  const wake = new Promise((done) => {
    woken = done
  })
  const engine = new Engine({ port: 0, addresses: ['127.0.0.1'] }, () => woken())
  engine.apply([
    { type: 'openTransport', transport: 1, role: 'subscriber', room: 'hall' },
    { type: 'subscribe', transport: 1, wanted: [] },
  ])
  await Promise.race([wake, new Promise((done) => setTimeout(done, 5_000))])
  const offer = engine.drain().find((event) => event.type === 'offered')
  engine.shutdown()
  if (!offer?.sdp.includes('a=fingerprint:sha-256')) throw new Stop('The engine loads but makes no offer.')
  console.log(
    `${output}: loads, listens on UDP, makes an offer (${process.platform}-${process.arch}, Node ${process.version})`,
  )
})
