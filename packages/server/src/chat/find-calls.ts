import { findMentions, keysIn, type Member } from '@maru/protocol'
import { EVERYONE } from '../storage/memberships.ts'
import type { StoredTables } from '../storage/open-storage.ts'

export interface Calls {
  mentions?: string[]
  everyone?: boolean
}

/** Whom a text calls by name, of those who can read it. */
export function findCalls({ memberships }: StoredTables, roomId: number, text: string, to: Member | undefined): Calls {
  if (!text.includes('@')) return {}
  // A room may have very many members: only those are looked for whom the text can mean.
  const people = to ? [to] : memberships.named(roomId, keysIn(text))
  const found = findMentions(text, people).map(({ member }) => member)
  const mentions = [...new Set(found.filter((member) => member !== EVERYONE))]
  return {
    ...(mentions.length > 0 && { mentions }),
    ...(!to && found.includes(EVERYONE) && { everyone: true }),
  }
}
