import { lazy, Suspense } from 'react'
import { secureAddress } from '../../lib/secure-address.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { toast } from '../../ui/Toasts.tsx'

const Invite = lazy(async () => ({ default: (await import('../../features/people/Invite.tsx')).Invite }))

/** The invitation, loaded when it is first asked for. */
export function InviteDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { shell } = useWords()
  // Whoever is invited wants to be seen and heard, which takes the secure address.
  const address = secureAddress(window) ?? `${location.origin}${location.pathname}`
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

/** The clipboard is for secure pages; elsewhere the old way by a selection still works. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const field = document.createElement('textarea')
  field.value = text
  ;(document.querySelector('dialog:modal') ?? document.body).append(field)
  field.select()
  const copied = document.execCommand('copy')
  field.remove()
  if (!copied) throw new Error('The browser did not copy.')
}
