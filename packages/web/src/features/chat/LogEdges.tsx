import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import type { Pages } from './use-pages.ts'

/** While earlier lines are on their way, and when they do not come. */
export function OlderState({ older }: { older: Pages }) {
  const { chat } = useWords()
  if (older.state === 'idle') return null
  return (
    <div className="rise absolute start-1/2 top-2 flex -translate-x-1/2 items-center gap-1 rounded-full border border-line bg-surface ps-4 pe-4 text-[0.8125rem] whitespace-nowrap text-soft shadow-soft rtl:translate-x-1/2">
      <span className="py-2">{older.state === 'loading' ? chat.loadingOlder : chat.olderFailed}</span>
      {older.state === 'failed' && (
        <Button look="quiet" size="small" onClick={older.load}>
          {chat.retry}
        </Button>
      )}
    </div>
  )
}

/** Where the conversation begins. */
export function LogTop({ empty }: { empty: boolean }) {
  const { chat } = useWords()
  if (!empty) return <p className="pt-6 pb-1 text-center text-[0.8125rem] text-faint">{chat.beginning}</p>
  return (
    <div className="pb-4 text-center">
      <p className="font-semibold">{chat.empty}</p>
      <p className="mx-auto mt-1 max-w-72 text-sm text-balance text-soft">{chat.emptyHint}</p>
    </div>
  )
}
