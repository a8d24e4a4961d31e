import { type Asked, limits, type Page, type ReplyTo } from '@maru/protocol'
import type { Question } from './room-client.ts'
import type { RoomEvent, RoomState } from './room-state.ts'

interface PageOptions {
  state: () => RoomState
  apply: (event: RoomEvent) => void
  ask: <Type extends Asked['type']>(
    question: Question<Type>,
    take: (reply: ReplyTo<Type>) => void,
  ) => Promise<ReplyTo<Type>>
}

/** Fetches what of the log is not held: pages before and after, the surroundings of a number or a time, threads. */
export function loadPages({ state, apply, ask }: PageOptions) {
  const limit = limits.firstPage
  let loading: Promise<void> | undefined

  /** One page at a time: a second wish for one is the same wish. */
  function load(page: () => Promise<void>): Promise<void> {
    loading ??= page().finally(() => {
      loading = undefined
    })
    return loading
  }

  async function loadOlder(): Promise<void> {
    const { entries, hasOlder } = state().past ?? state()
    const first = entries[0]?.seq
    if (!hasOlder || first === undefined) return
    await ask<'history'>({ type: 'history', before: first, limit }, (page) =>
      apply({ type: 'olderLoaded', first, entries: page.entries, hasOlder: page.hasOlder }),
    )
  }

  async function loadNewer(): Promise<void> {
    const last = state().past?.entries.at(-1)?.seq
    if (last === undefined) return
    await ask<'history'>({ type: 'history', after: last, limit }, (page) =>
      apply({ type: 'newerLoaded', last, entries: page.entries, hasNewer: page.hasNewer }),
    )
  }

  async function loadOlderAnswers(): Promise<void> {
    const { root = 0, entries = [], hasOlder } = state().thread ?? {}
    const first = entries[0]?.seq
    if (!hasOlder || first === undefined) return
    await ask<'thread'>({ type: 'thread', root, before: first, limit }, (page) =>
      apply({ type: 'threadLoaded', root, first, entries: page.entries, hasOlder: page.hasOlder }),
    )
  }

  return {
    loadOlder: () => load(loadOlder),
    loadNewer: () => load(loadNewer),
    loadOlderAnswers: () => load(loadOlderAnswers),
    async jump(to: { seq: number } | { at: number }): Promise<void> {
      const { entries, hasOlder } = state()
      const first = entries[0]
      const isHeld = first && ('seq' in to ? to.seq >= first.seq : to.at >= first.at)
      if (isHeld || (first && !hasOlder)) return apply({ type: 'returned' })
      const place = 'seq' in to ? { around: to.seq } : { at: to.at }
      const show = (page: Page) => apply({ type: 'jumped', ...page })
      await ask<'history'>({ type: 'history', ...place, limit }, show)
    },
    async loadThread(root: number): Promise<void> {
      await ask<'thread'>({ type: 'thread', root, limit }, ({ entries, hasOlder }) =>
        apply({ type: 'threadLoaded', root, entries, hasOlder }),
      )
    },
  }
}
