// Prints where livekit-server is, built with Go where it was not: done before the network is left, where nothing can be fetched any more.
import { findLivekit } from '../bench/peers/servers.ts'

const found = findLivekit()
if (typeof found === 'string') {
  console.error(found)
  process.exit(1)
}
console.log(found.file)
