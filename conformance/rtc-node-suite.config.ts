import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const packages = join(import.meta.dirname, '../node_modules')

/** The suite lies outside this project: what it imports is found here, and its own sources are the published package. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^\.\.\/index\.js$/, replacement: join(packages, '@livekit/rtc-node/dist/index.js') },
      { find: /^livekit-server-sdk$/, replacement: join(packages, 'livekit-server-sdk/dist/index.js') },
      { find: /^vitest$/, replacement: join(packages, 'vitest/dist/index.js') },
    ],
  },
  // Its time limits are for idle machines: one test at a time, so that the server is judged and not the machine.
  test: { include: ['e2e*.test.ts'], maxConcurrency: 1, fileParallelism: false },
})
