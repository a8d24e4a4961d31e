import type { Message } from '@maru/protocol'
import type { ReactNode } from 'react'
import { personClass } from '../../lib/person-colour.ts'
import { saidIn } from '../../lib/said.ts'
import { clock, dayName } from '../../lib/time.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'

/** A message outside of its conversation; pressing it goes there. */
export function Found({ message, onGo, children }: { message: Message; onGo: () => void; children?: ReactNode }) {
  const { chat } = useWords()
  const language = useLanguage()
  return (
    <li>
      <button
        type="button"
        className="block w-full rounded-button px-3 py-2.5 text-start whitespace-normal hover:bg-ink/5 focus-visible:bg-ink/5"
        onClick={onGo}
      >
        <span className={`${personClass(message.member)} flex items-baseline gap-2`}>
          <b dir="auto" className="min-w-0 truncate text-sm font-semibold text-person-ink">
            {message.name || chat.formerMember}
          </b>
          <span className="flex-none text-xs text-faint tabular-nums">
            {dayName(language, message.at, Date.now(), chat)} {clock(language, message.at)}
          </span>
        </span>
        <span dir="auto" className="line-clamp-3 break-words">
          {children ?? saidIn(message)}
        </span>
      </button>
    </li>
  )
}
