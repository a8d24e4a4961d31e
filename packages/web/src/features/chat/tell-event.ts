import type { RoomEvent, RoomEventLine } from './timeline.ts'
import type { ChatWords } from './words.en.ts'

/** What happened in the room, as a sentence. */
export function tellEvent(event: RoomEventLine | RoomEvent, chat: ChatWords): string {
  const named = (name: string) => name || chat.formerMember
  switch (event.kind) {
    case 'joined':
    case 'left':
      return chat[event.kind](('names' in event ? event.names : [event.name]).map(named))
    case 'renamed':
      return chat.renamed(named(event.before), named(event.name))
    case 'topic':
      return chat.topicSet(named(event.name), event.topic)
    case 'retention':
      return chat.retentionSet(named(event.name), event.retention)
    case 'owner':
      return chat.ownerMade(named(event.name), named(event.target.name))
    case 'pinned':
      return event.on ? chat.pinned(named(event.name)) : chat.unpinned(named(event.name))
  }
}
