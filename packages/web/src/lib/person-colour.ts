const COLOURS = 8

/** One of eight colours for a person, the same for everybody who looks: an FNV-1a hash of the identity. */
export function personColour(identity: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < identity.length; index++) {
    hash = Math.imul(hash ^ identity.charCodeAt(index), 0x01000193)
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % COLOURS
}

/** The class that sets `--person`, `--person-deep` and `--person-ink` for everything inside. */
export function personClass(identity: string): string {
  return `person person-${personColour(identity)}`
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** What stands in a round picture: the first sign of the name as a reader counts signs. */
export function initialOf(name: string): string {
  const [first] = graphemes.segment(name.trim())
  return first?.segment.toLocaleUpperCase() ?? '·'
}
