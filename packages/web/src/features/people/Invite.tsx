import Copy from 'lucide-react/icons/copy'
import { isLocal } from '../../lib/secure-address.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { QrCode } from '../../ui/QrCode.tsx'
import { usePeopleWords } from './use-people-words.ts'

interface InviteProps {
  address: string
  open: boolean
  onCopy: () => void
  onClose: () => void
}

/** The address of the room, to send and to photograph. */
export function Invite({ address, open, onCopy, onClose }: InviteProps) {
  const words = usePeopleWords()
  const { shell } = useWords()
  const local = isLocal(new URL(address).hostname)
  return (
    <Dialog title={words.inviteTitle} open={open} onClose={onClose}>
      <p className="text-soft">{local ? words.inviteHere : words.inviteText}</p>
      {!local && <QrCode text={address} label={words.qr} size={208} className="mx-auto my-4" />}
      <div className="mt-4 flex items-center gap-2 rounded-[14px] border border-line bg-raised p-1.5 ps-4">
        <span className="sr-only">{words.link}</span>
        <span className="min-w-0 flex-1 truncate select-all">{decodeURI(address)}</span>
        <Button look="go" onClick={onCopy}>
          <Copy size={17} aria-hidden="true" />
          {shell.copyLink}
        </Button>
      </div>
    </Dialog>
  )
}
