import { saidIn } from '../../lib/said.ts'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import type { Desk } from './desk.ts'
import { useMoreWords } from './more-words.ts'

/** Asks before a message is gone for everybody. */
export function DeleteDialog({ desk }: { desk: Desk }) {
  const words = useMoreWords()
  const { shell } = useWords()
  const message = useStore(desk.deleting, (state) => state)
  const close = () => desk.deleting.set(undefined)
  return (
    <Dialog title={words.deleteTitle} open={message !== undefined} onClose={close}>
      <p className="text-soft">{words.deleteText}</p>
      {message && (
        <p dir="auto" className="mt-3 line-clamp-3 rounded-button bg-ink/5 px-3 py-2 break-words">
          {saidIn(message)}
        </p>
      )}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={close}>{shell.cancel}</Button>
        <Button
          look="danger"
          onClick={() => {
            if (message) void desk.ask<'delete'>({ type: 'delete', target: message.seq })
            close()
          }}
        >
          {words.delete}
        </Button>
      </div>
    </Dialog>
  )
}
