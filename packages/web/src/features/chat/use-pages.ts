import { useRef, useState } from 'react'

export type Pages = { state: 'idle' | 'loading' | 'failed'; load: () => void }

/** One page at a time; a failure waits to be asked again. */
export function usePages(hasMore: boolean, loadMore: () => Promise<void>): Pages {
  const [state, setState] = useState<Pages['state']>('idle')
  const busy = useRef(false)
  const load = () => {
    if (busy.current || !hasMore) return
    busy.current = true
    setState('loading')
    loadMore()
      .then(
        () => setState('idle'),
        () => setState('failed'),
      )
      .finally(() => {
        busy.current = false
      })
  }
  return { state, load }
}
