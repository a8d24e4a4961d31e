import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where `livekit-server-sdk` is installed, as it was published. */
export const library = join(import.meta.dirname, '../../../node_modules/livekit-server-sdk/dist')

/** The methods of services that the library calls, as `Service.Method`. */
export function methodsOfLibrary(): string[] {
  return readdirSync(library)
    .filter((file) => file.endsWith('Client.js'))
    .flatMap((file) => {
      const text = readFileSync(join(library, file), 'utf8')
      const service = /const svc = "(\w+)"/.exec(text)?.[1]
      return [...text.matchAll(/request\(\s*svc,\s*"(\w+)"/g)].map(([, method]) => `${service}.${method}`)
    })
}
