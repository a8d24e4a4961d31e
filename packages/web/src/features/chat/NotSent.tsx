import type { PendingMessage, RoomClient } from '@maru/client'
import RotateCw from 'lucide-react/icons/rotate-cw'
import Send from 'lucide-react/icons/send'
import TriangleAlert from 'lucide-react/icons/triangle-alert'
import type { ReactNode } from 'react'
import { useWords } from '../../lib/words/use-words.ts'
import { useMoreWords } from './more-words.ts'

/** Below an own message that the server has refused: why, and what can be done. An answer to what is gone would be refused again and again. */
export function NotSent({ client, message }: { client: RoomClient; message: PendingMessage }) {
  const { chat, problems } = useWords()
  const words = useMoreWords()
  const { clientId, problem, state: _, replyTo, ...draft } = message
  const isOrphan = replyTo !== undefined && problem?.code === 'message_gone'
  const sendAnew = () => {
    client.send(draft)
    client.discard(clientId)
  }
  return (
    <p className="flex flex-wrap items-center gap-x-1 text-[0.8125rem] text-clay-ink">
      <TriangleAlert size={15} aria-hidden="true" />
      <span className="me-1">
        {words.notSent} {isOrphan ? words.answeredGone : problem && (problems.short[problem.code] ?? problem.message)}
      </span>
      {isOrphan ? (
        <Small onClick={sendAnew}>
          <Send size={14} aria-hidden="true" />
          {words.sendAnew(draft.to?.name)}
        </Small>
      ) : (
        <Small onClick={() => client.retry(clientId)}>
          <RotateCw size={14} aria-hidden="true" />
          {chat.retry}
        </Small>
      )}
      <Small onClick={() => client.discard(clientId)}>{words.discard}</Small>
    </p>
  )
}

function Small({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      className="inline-flex min-h-8 items-center gap-1 rounded-lg px-2 font-semibold text-ink underline-offset-3 hover:underline pointer-coarse:min-h-11"
      onClick={onClick}
    >
      {children}
    </button>
  )
}
