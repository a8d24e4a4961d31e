import X from 'lucide-react/icons/x'
import { saidIn } from '../../lib/said.ts'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { classNames } from '../../ui/class-names.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import type { Desk } from './desk.ts'

/** Above the field: what is being answered or edited, or for whom alone one writes. */
export function IntentBar({ id, desk }: { id: string; desk: Desk }) {
  const { chat } = useWords()
  const intent = useStore(desk.intent, (state) => state)
  const only = intent.kind === 'write' ? intent.to : undefined
  if (intent.kind === 'write' && !only) return null
  const title = only
    ? chat.writingTo(only.name)
    : intent.kind === 'edit'
      ? chat.editing
      : intent.kind === 'reply'
        ? chat.replying(intent.message.name)
        : ''
  return (
    <div
      className={classNames(
        'rise mb-1.5 flex items-center gap-2 rounded-button py-0.5 ps-3.5 pe-1 text-sm',
        only ? 'bg-pine-tint text-pine' : 'bg-wood-tint text-ink',
      )}
    >
      <p id={id} className="min-w-0 flex-1 truncate">
        <b className="font-semibold">{title}</b>
        {intent.kind === 'reply' && (
          <span dir="auto" className="ps-2 text-soft">
            {saidIn(intent.message)}
          </span>
        )}
      </p>
      <IconButton icon={X} label={chat.cancel} onClick={() => desk.intent.set({ kind: 'write' })} />
    </div>
  )
}
