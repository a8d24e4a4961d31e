import { remembered } from '../../lib/remembered.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { useSettingsWords } from './use-settings-words.ts'

interface TakeOverProps {
  name: string
  onYes: () => void
  onNo: () => void
}

/** Whoever sends a link of their own could have others write under their name: so it is asked first. */
export function TakeOver({ name, onYes, onNo }: TakeOverProps) {
  const words = useSettingsWords().takeOver
  return (
    <Dialog title={words.title(name)} open onClose={onNo}>
      <p>{words.text}</p>
      {remembered('token') && <p className="mt-3 text-clay-ink">{words.instead}</p>}
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onNo}>{words.no}</Button>
        <Button look="go" onClick={onYes}>
          {words.yes(name)}
        </Button>
      </div>
    </Dialog>
  )
}
