import { useStore } from '../../lib/store.ts'
import { Dialog } from '../../ui/Dialog.tsx'
import { commands } from './commands.ts'
import type { Desk } from './desk.ts'
import { GoToDay } from './GoToDay.tsx'
import { useMoreWords } from './more-words.ts'
import { NewPoll } from './NewPoll.tsx'
import { Pins } from './Pins.tsx'
import { SearchMessages } from './SearchMessages.tsx'

/** What stands in front of the conversation for a moment: the search, the pinned messages, a new poll, the help. */
export function ChatDialogs({ desk }: { desk: Desk }) {
  const words = useMoreWords()
  const which = useStore(desk.dialog, (state) => state)
  const close = () => {
    desk.dialog.set(undefined)
    desk.begun.set('')
  }
  return (
    <Dialog title={which ? words.dialogs[which] : ''} open={which !== undefined} onClose={close}>
      {which === 'help' && <Help />}
      {which === 'poll' && <NewPoll desk={desk} onDone={close} />}
      {which === 'date' && <GoToDay desk={desk} onDone={close} />}
      {which === 'pins' && <Pins desk={desk} onDone={close} />}
      {which === 'search' && <SearchMessages desk={desk} onDone={close} />}
    </Dialog>
  )
}

function Help() {
  const words = useMoreWords()
  return (
    <>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
        {commands.map(({ name }) => (
          <div key={name} className="contents">
            <dt className="font-mono text-[0.875rem] font-semibold text-wood">/{name}</dt>
            <dd className="text-soft">{words.commands[name]}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-4 border-t border-line pt-3 text-sm text-soft">{words.helpKeys}</p>
    </>
  )
}
