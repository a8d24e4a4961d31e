import { useCallback, useSyncExternalStore } from 'react'

/** What keeps state outside of components: a room client, a call client, the language. */
export interface Store<State> {
  state(): State
  subscribe(listener: (state: State) => void): () => void
}

/**
 * A part of a store's state, rendered again when that part changes. `select` must return the same reference for the
 * same state: pick a field, do not build an object.
 */
export function useStore<State, Part>(store: Store<State>, select: (state: State) => Part): Part {
  const subscribe = useCallback((listener: () => void) => store.subscribe(listener), [store])
  return useSyncExternalStore(subscribe, () => select(store.state()))
}

/** A store of one value, for the few things that belong to the whole page. */
export function createStore<State>(first: State): Store<State> & { set(next: State): void } {
  let current = first
  const listeners = new Set<(state: State) => void>()
  return {
    state: () => current,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    set: (next) => {
      if (Object.is(next, current)) return
      current = next
      for (const listener of [...listeners]) listener(next)
    },
  }
}
