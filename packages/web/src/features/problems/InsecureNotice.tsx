import LockKeyholeOpen from 'lucide-react/icons/lock-keyhole-open'
import { secureAddress } from '../../lib/secure-address.ts'
import { useWords } from '../../lib/words/use-words.ts'

/** A mark that this address is not encrypted, which leads to the secure one. Nothing where all is well. */
export function InsecureChip({ compact }: { compact?: boolean }) {
  const { problems } = useWords()
  const address = secureAddress(window)
  if (!address) return null
  return (
    <a
      href={address}
      title={`${problems.insecureText} ${problems.insecureWarning}`}
      className="inline-flex min-h-8 items-center gap-1.5 rounded-full bg-clay-tint px-3 text-[0.8125rem] font-semibold whitespace-nowrap text-clay-ink hover:underline pointer-coarse:min-h-11 pointer-coarse:min-w-11 pointer-coarse:justify-center"
    >
      <LockKeyholeOpen size={15} aria-hidden="true" />
      <span className="max-sm:sr-only">{problems.insecure} · </span>
      <span className={compact ? 'max-sm:sr-only' : ''}>{problems.insecureGo}</span>
    </a>
  )
}
