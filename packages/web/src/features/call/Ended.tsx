import type { EndReason } from '@maru/client/call'
import { useEffect } from 'react'
import { announce } from '../../ui/announce.ts'
import { Button } from '../../ui/Button.tsx'
import { useCallWords } from './use-call-words.ts'

interface EndedProps {
  reason: EndReason
  onAgain: () => void
  onChatOnly: () => void
}

/** Why the call is over for me, and the ways on. */
export function Ended({ reason, onAgain, onChatOnly }: EndedProps) {
  const words = useCallWords().ended
  const shown = reason === 'left' ? undefined : words[reason]
  useEffect(() => {
    if (shown) announce(`${shown.title}. ${shown.text}`, 'assertive')
  }, [shown])
  if (!shown) return null
  return (
    <div className="grid min-h-0 flex-1 place-items-center overflow-y-auto p-4">
      <section className="rise w-full max-w-md rounded-panel bg-surface p-7 text-center shadow-soft">
        <h2 className="text-xl font-bold tracking-tight">{shown.title}</h2>
        <p className="mt-2 text-soft">{shown.text}</p>
        <div className="mt-6 grid gap-2">
          <Button look="go" onClick={onAgain}>
            {reason === 'duplicate' ? words.here : words.again}
          </Button>
          <Button look="quiet" onClick={onChatOnly}>
            {words.chatOnly}
          </Button>
        </div>
      </section>
    </div>
  )
}
