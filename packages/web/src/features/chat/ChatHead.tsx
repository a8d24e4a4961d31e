import CalendarDays from 'lucide-react/icons/calendar-days'
import Pin from 'lucide-react/icons/pin'
import Search from 'lucide-react/icons/search'
import X from 'lucide-react/icons/x'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import type { Desk } from './desk.ts'

/** The top of the conversation: what it is about, how long it is kept, and the ways to find something in it. */
export function ChatHead({ desk, onClose }: { desk: Desk; onClose: (() => void) | undefined }) {
  const { chat } = useWords()
  const topic = useStore(desk.client, (state) => state.topic)
  const retention = useStore(desk.client, (state) => state.retention)
  const pins = useStore(desk.client, (state) => state.pinned.length)
  return (
    <div className="flex items-center gap-0.5 border-b border-line py-1.5 ps-5 pe-2.5">
      <div className="min-w-0 flex-1">
        {onClose && <h2 className="text-[1.0625rem]/[1.3] font-bold tracking-tight">{chat.title}</h2>}
        {topic && (
          <p dir="auto" className="truncate text-[0.8125rem] font-semibold" title={topic}>
            {topic}
          </p>
        )}
        <p className="text-[0.8125rem]/[1.35] text-soft">{chat.kept(retention)}</p>
      </div>
      {pins > 0 && <IconButton icon={Pin} label={chat.pins(pins)} onClick={() => desk.dialog.set('pins')} />}
      <IconButton icon={CalendarDays} label={chat.goToDay} onClick={() => desk.dialog.set('date')} />
      <IconButton icon={Search} label={chat.search} onClick={() => desk.dialog.set('search')} />
      {onClose && <IconButton icon={X} label={chat.close} onClick={onClose} />}
    </div>
  )
}
