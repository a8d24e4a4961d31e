import type { RoomClient } from '@maru/client'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'

/** Who is writing just now. Its room is kept, so that nothing moves when somebody begins. */
export function TypingLine({ client }: { client: RoomClient }) {
  const { chat } = useWords()
  const typing = useStore(client, (state) => state.typing)
  const people = useStore(client, (state) => state.people)
  const who = typing.flatMap(({ member }) => people.find(({ id }) => id === member)?.name ?? [])
  return (
    <p className="h-5 truncate px-5 text-[0.75rem] text-faint" aria-hidden="true">
      {who.length > 0 && chat.typing(who)}
    </p>
  )
}
