import { useWords } from '../../lib/words/use-words.ts'
import type { PartProps } from './Body.tsx'

/** Who thought what of a message. Pressing one joins in or takes the own one back. */
export function Reactions({ message, desk, me }: PartProps) {
  const { chat } = useWords()
  return (
    <ul aria-label={chat.reactionsOf} className="flex flex-wrap gap-1 pt-1">
      {message.reactions?.map(({ emoji, by }) => {
        const mine = by.some(({ id }) => id === me?.id)
        const who = chat.reaction(
          emoji,
          by.map(({ name }) => name),
        )
        return (
          <li key={emoji}>
            <button
              type="button"
              aria-pressed={mine}
              aria-label={who}
              title={who}
              className="inline-flex min-h-7 items-center gap-1.5 rounded-full border border-line bg-raised px-2 text-sm tabular-nums transition hover:border-line-strong aria-pressed:border-wood aria-pressed:bg-wood-tint aria-pressed:text-wood pointer-coarse:min-h-9"
              onClick={() => void desk.ask<'react'>({ type: 'react', target: message.seq, emoji, on: !mine })}
            >
              <span aria-hidden="true" className="font-emoji">
                {emoji}
              </span>
              <span aria-hidden="true" className="text-[0.8125rem] font-semibold">
                {by.length}
              </span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}
