import type { RoomClient } from '@maru/client'
import { useState } from 'react'
import { copyText } from '../../lib/copy-text.ts'
import { inviteAddress } from '../../lib/invite-address.ts'
import { isLocal } from '../../lib/secure-address.ts'
import { clock } from '../../lib/time.ts'
import { transferAddress } from '../../lib/transfer.ts'
import { useLanguage } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { QrCode } from '../../ui/QrCode.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useSettingsWords } from './use-settings-words.ts'

/** A code for the camera of another device, which becomes the same member by it. */
export function TakeAlong({ client }: { client: RoomClient }) {
  const words = useSettingsWords()
  const language = useLanguage()
  const [offer, setOffer] = useState<{ address: string; expiresAt: number }>()
  const ask = async () => {
    try {
      const { code, expiresAt } = await client.ask<'transfer'>({ type: 'transfer' })
      setOffer({ address: transferAddress(inviteAddress(), { code, name: client.state().me?.name ?? '' }), expiresAt })
    } catch {
      toast(words.failed)
    }
  }
  if (!offer)
    return (
      <Button size="small" className="justify-self-start" onClick={() => void ask()}>
        {words.take}
      </Button>
    )
  const copy = () =>
    copyText(offer.address).then(
      () => toast(words.copied),
      () => toast(words.notCopied),
    )
  const local = isLocal(new URL(offer.address).hostname)
  return (
    <div className="grid justify-items-center gap-3 rounded-tile border border-line bg-raised p-4 text-center">
      <p className="text-sm text-soft">{local ? words.takeHere : words.takeText}</p>
      {!local && <QrCode text={offer.address} label={words.takeCode} size={224} />}
      <p className="text-sm text-soft tabular-nums">{words.takeUntil(clock(language, offer.expiresAt))}</p>
      <Button size="small" onClick={() => void copy()}>
        {words.takeLink}
      </Button>
    </div>
  )
}
