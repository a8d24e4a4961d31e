import type { Message } from '@maru/protocol'
import CornerUpLeft from 'lucide-react/icons/corner-up-left'
import { personClass } from '../../lib/person-colour.ts'
import { saidIn } from '../../lib/said.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { classNames } from '../../ui/class-names.ts'

/** The beginning of what is answered, as a way to it. */
export function QuoteLine({ quote, onGo }: { quote: NonNullable<Message['replyTo']>; onGo: (seq: number) => void }) {
  const { chat } = useWords()
  const name = quote.name || chat.formerMember
  return (
    <button
      type="button"
      aria-label={chat.quoteOf(name)}
      disabled={quote.deleted}
      className={classNames(
        personClass(quote.member),
        'my-0.5 flex max-w-full items-center gap-1.5 rounded-[8px] border-s-3 border-person bg-ink/4 py-0.5 ps-2 pe-2.5 text-start text-[0.8438rem] enabled:hover:bg-ink/8 pointer-coarse:min-h-9',
      )}
      onClick={() => onGo(quote.seq)}
    >
      <CornerUpLeft size={14} className="flex-none text-soft" aria-hidden="true" />
      <b dir="auto" className="max-w-28 flex-none truncate font-semibold text-person-ink">
        {name}
      </b>
      <span dir="auto" className="min-w-0 truncate text-soft">
        {quote.deleted ? chat.goneQuote : saidIn(quote)}
      </span>
    </button>
  )
}
