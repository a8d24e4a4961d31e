import { createRequire } from 'node:module'

/** What the addon exports. */
export type Addon = typeof import('../../../../crates/engine-node/index.d.ts')

/**
 * Loads the media engine from the given file.
 * @throws an Error that names the file and says what to do, when it is missing or was built for another machine.
 */
export function loadAddon(file: string): Addon {
  const require = createRequire(import.meta.url)
  let loaded: Partial<Addon>
  try {
    loaded = require(file)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new Error(
      `The media engine ${file} could not be loaded (${why}). Delete it and start again to build it anew.`,
      {
        cause,
      },
    )
  }
  if (typeof loaded.Engine !== 'function') throw new Error(`The file ${file} is not a media engine of this version.`)
  return loaded as Addon
}
