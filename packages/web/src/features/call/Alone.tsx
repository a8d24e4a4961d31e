import Check from 'lucide-react/icons/check'
import Copy from 'lucide-react/icons/copy'
import { useEffect, useState } from 'react'
import { copyText } from '../../lib/copy-text.ts'
import { inviteAddress } from '../../lib/invite-address.ts'
import { announce } from '../../ui/announce.ts'
import { Button } from '../../ui/Button.tsx'
import { useCallWords } from './use-call-words.ts'

const COPIED_MS = 2_500

/** An empty call teaches how to fill it. */
export function Alone() {
  const words = useCallWords().alone
  const [copied, setCopied] = useState(false)
  const link = inviteAddress()
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), COPIED_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async () => {
    try {
      await copyText(link)
    } catch {
      // The browser does not copy: the link stands there selected, ready for the keys.
      return
    }
    setCopied(true)
    announce(words.copied)
  }
  return (
    <div className="grid size-full grid-cols-[minmax(0,1fr)] place-items-center overflow-y-auto p-2">
      <section className="rise w-full max-w-md rounded-panel bg-surface p-7 text-center shadow-soft max-sm:p-5">
        <h2 className="text-xl font-bold tracking-tight">{words.title}</h2>
        <p className="mt-1.5 text-balance text-soft">{words.text}</p>
        <div className="mt-5 flex items-center gap-1 rounded-[14px] border-[1.5px] border-line bg-raised p-1 ps-3.5">
          <input
            readOnly
            aria-label={words.link}
            value={link}
            className="min-w-0 flex-1 truncate bg-transparent text-base text-soft outline-none"
            onFocus={(event) => event.currentTarget.select()}
          />
          <Button look="go" size="small" onClick={() => void copy()}>
            {copied ? <Check size={17} aria-hidden="true" /> : <Copy size={17} aria-hidden="true" />}
            {copied ? words.copied : words.copy}
          </Button>
        </div>
      </section>
    </div>
  )
}
