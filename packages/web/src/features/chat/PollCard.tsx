import { useWords } from '../../lib/words/use-words.ts'
import { classNames } from '../../ui/class-names.ts'
import type { PartProps } from './Body.tsx'
import { useMoreWords } from './more-words.ts'

/** A poll: how many are for what, who they are, and the own choice by one press. */
export function PollCard({ message, desk, me }: PartProps) {
  const words = useMoreWords()
  const { chat } = useWords()
  const { poll } = message
  if (!poll) return null
  const voters = new Set(poll.votes.flat().map(({ id }) => id))
  const mine = poll.votes.flatMap((by, option) => (by.some(({ id }) => id === me?.id) ? [option] : []))
  const isOpen = poll.closed === undefined
  const vote = (option: number) => {
    const others = poll.multiple ? mine.filter((each) => each !== option) : []
    const options = mine.includes(option) ? others : [...others, option]
    void desk.ask<'vote'>({ type: 'vote', target: message.seq, options })
  }
  return (
    <div className="mt-1.5 max-w-md rounded-[14px] border border-line bg-raised p-2.5">
      <ul className="grid gap-1.5">
        {poll.options.map((option, index) => {
          const by = poll.votes[index] ?? []
          const share = voters.size === 0 ? 0 : by.length / voters.size
          const chosen = mine.includes(index)
          return (
            <li key={option}>
              <button
                type="button"
                aria-pressed={chosen}
                disabled={!isOpen}
                title={
                  by.length > 0
                    ? chat
                        .reaction(
                          '',
                          by.map(({ name }) => name),
                        )
                        .trim()
                    : undefined
                }
                className={classNames(
                  'relative flex min-h-10 w-full items-center gap-3 overflow-hidden rounded-button border px-3 py-1.5 text-start whitespace-normal enabled:hover:border-line-strong',
                  chosen ? 'border-wood font-semibold' : 'border-line',
                )}
                onClick={() => vote(index)}
              >
                <svg
                  aria-hidden="true"
                  className="absolute inset-0 size-full rtl:-scale-x-100"
                  preserveAspectRatio="none"
                >
                  <rect width={`${share * 100}%`} height="100%" className={chosen ? 'fill-wood-tint' : 'fill-ink/6'} />
                </svg>
                <span dir="auto" className="relative min-w-0 flex-1 break-words">
                  {option}
                </span>
                <span className="relative text-sm text-soft tabular-nums">
                  <span className="sr-only">{words.votes(by.length)}</span>
                  <span aria-hidden="true">{by.length}</span>
                </span>
              </button>
            </li>
          )
        })}
      </ul>
      <p className="flex min-h-8 items-center gap-2 px-1 pt-1 text-[0.8125rem] text-soft">
        <span className="flex-1">
          {isOpen ? (poll.multiple ? words.chooseMany : words.chooseOne) : words.pollClosed} ·{' '}
          {words.voters(voters.size)}
        </span>
        {isOpen && (message.member === me?.id || me?.owner) && (
          <button
            type="button"
            className="min-h-8 rounded-lg px-2 font-semibold text-ink hover:underline"
            onClick={() => void desk.ask<'closePoll'>({ type: 'closePoll', target: message.seq })}
          >
            {words.closePoll}
          </button>
        )}
      </p>
    </div>
  )
}
