import Copy from 'lucide-react/icons/copy'
import { useMemo } from 'react'
import { encode } from 'uqr'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'

interface InviteProps {
  address: string
  open: boolean
  onCopy: () => void
  onClose: () => void
}

/** The address of the room, to send and to photograph. */
export function Invite({ address, open, onCopy, onClose }: InviteProps) {
  const { people: words, shell } = useWords()
  const local = /^(localhost|127\.|\[::1\])/.test(new URL(address).host)
  return (
    <Dialog title={words.inviteTitle} open={open} onClose={onClose}>
      <p className="text-soft">{local ? words.inviteHere : words.inviteText}</p>
      {!local && <QrCode text={address} label={words.qr} />}
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

/** Always dark on light: cameras do not read the other way round. */
export function QrCode({ text, label, size = 208 }: { text: string; label: string; size?: number }) {
  const { path, side } = useMemo(() => {
    const code = encode(text, { ecc: 'M', border: 2 })
    const cells = code.data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])))
    return { path: cells.join(''), side: code.size }
  }, [text])
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${side} ${side}`}
      width={size}
      height={size}
      className="mx-auto my-4 rounded-[14px] bg-white shadow-soft forced-color-adjust-none"
      shapeRendering="crispEdges"
    >
      <path d={path} fill="#211c16" />
    </svg>
  )
}
