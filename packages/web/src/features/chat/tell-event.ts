import type { RoomEvent, RoomEventLine } from './timeline.ts'
import type { ChatWords } from './words.en.ts'

/** What happened in the room, as a sentence. */
export function tellEvent(event: RoomEventLine | RoomEvent, chat: ChatWords): string {
  switch (event.kind) {
    case 'joined':
    case 'left':
      return chat[event.kind]('names' in event ? event.names : [event.name])
    case 'renamed':
      return chat.renamed(event.before, event.name)
    case 'topic':
      return chat.topicSet(event.name, event.topic)
    case 'retention':
      return chat.retentionSet(event.name, event.retention)
    case 'owner':
      return chat.ownerMade(event.name, event.target.name)
    case 'pinned':
      return event.on ? chat.pinned(event.name) : chat.unpinned(event.name)
  }
}
