import { lazy, Suspense } from 'react'
import { copyText } from '../../lib/copy-text.ts'
import { inviteAddress } from '../../lib/invite-address.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { toast } from '../../ui/Toasts.tsx'

const Invite = lazy(async () => ({ default: (await import('../../features/people/Invite.tsx')).Invite }))

/** The invitation, loaded when it is first asked for. */
export function InviteDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { shell } = useWords()
  const address = inviteAddress()
  const copy = () =>
    copyText(address).then(
      () => toast(shell.linkCopied),
      () => toast(shell.linkNotCopied(address)),
    )
  if (!open) return null
  return (
    <Suspense fallback={null}>
      <Invite address={address} open={open} onCopy={() => void copy()} onClose={onClose} />
    </Suspense>
  )
}
