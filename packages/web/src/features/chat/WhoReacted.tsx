import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { Avatar } from '../../ui/Avatar.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import type { Desk } from './desk.ts'
import { useMoreWords } from './more-words.ts'

/** Who thought what of a message, where nothing can be pointed at to learn it. */
export function WhoReacted({ desk }: { desk: Desk }) {
  const words = useMoreWords()
  const { chat } = useWords()
  const message = useStore(desk.reacted, (state) => state)
  return (
    <Dialog title={words.whoReacted} open={message !== undefined} onClose={() => desk.reacted.set(undefined)}>
      <ul className="grid gap-4">
        {message?.reactions?.map(({ emoji, by }) => (
          <li key={emoji} className="grid grid-cols-[auto_1fr] gap-x-4">
            <span className="font-emoji text-2xl">{emoji}</span>
            <ul className="grid gap-1.5">
              {by.map(({ id, name }) => (
                <li key={id} className="flex min-h-9 items-center gap-2.5">
                  <Avatar id={id} name={name || chat.formerMember} />
                  <span dir="auto" className="min-w-0 truncate font-semibold">
                    {name || chat.formerMember}
                  </span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
