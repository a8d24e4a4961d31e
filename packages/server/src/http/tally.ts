/** How many of something each network has. Who is of none, this machine, is not counted. */
export interface Tally {
  of(network: string | undefined): number
  /** Counts one more; gives the way to count it no more, where saying it twice is once. */
  add(network: string | undefined): () => void
}

export function createTally(): Tally {
  const counts = new Map<string, number>()
  return {
    of: (network) => (network === undefined ? 0 : (counts.get(network) ?? 0)),
    add(network) {
      if (network === undefined) return () => {}
      counts.set(network, (counts.get(network) ?? 0) + 1)
      let isCounted = true
      return () => {
        if (!isCounted) return
        isCounted = false
        const left = (counts.get(network) ?? 0) - 1
        if (left > 0) counts.set(network, left)
        else counts.delete(network)
      }
    },
  }
}
