import type { Draft, RoomClient } from '@maru/client'
import { AppError } from '@maru/protocol'
import X from 'lucide-react/icons/x'
import { lazy, type RefObject, Suspense, useMemo, useRef } from 'react'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { Composer } from './Composer.tsx'
import { createDesk, type Desk } from './desk.ts'
import { MessageLog } from './MessageLog.tsx'
import { TypingLine } from './TypingLine.tsx'

const DeleteDialog = lazy(async () => ({ default: (await import('./DeleteDialog.tsx')).DeleteDialog }))

interface ChatProps {
  client: RoomClient
  draft: RefObject<string>
  newFrom: number | undefined
  onQuit: () => void
  /** Absent where the chat is the whole page. */
  onClose?: () => void
}

/** The conversation of a room, as a panel or as the whole page. */
export function Chat({ client, draft, newFrom, onQuit, onClose }: ChatProps) {
  const { chat } = useWords()
  const refused = useRefused()
  const desk = useMemo(() => createDesk(client, (error) => refused.current(error)), [client, refused])
  return (
    <>
      {onClose && (
        <div className="flex items-center gap-1 border-b border-line py-2.5 ps-5 pe-2.5">
          <h2 className="flex-1 text-[1.0625rem] font-bold tracking-tight">{chat.title}</h2>
          <IconButton icon={X} label={chat.close} onClick={onClose} />
        </div>
      )}
      <MessageLog desk={desk} newFrom={newFrom} />
      <TypingLine client={client} />
      <Composer desk={desk} draft={draft} onSend={(message) => sendFrom(desk, message, refused)} onQuit={onQuit} />
      <Deleting desk={desk} />
    </>
  )
}

/** Tells why something was refused, in the words of the language now chosen. */
function useRefused(): RefObject<(error: unknown) => void> {
  const { chat, problems } = useWords()
  const refused = useRef<(error: unknown) => void>(() => undefined)
  refused.current = (error) => {
    if (!(error instanceof AppError)) throw error
    toast(`${chat.notDone} ${problems.short[error.code] ?? error.message}`)
  }
  return refused
}

/** Sends, answers or edits, as the desk has it. Gives whether the field may be emptied. */
function sendFrom(desk: Desk, draft: Draft, refused: RefObject<(error: unknown) => void>): boolean {
  const intent = desk.intent.state()
  try {
    if (intent.kind === 'edit') {
      if (draft.text !== intent.message.text)
        void desk.ask<'edit'>({ type: 'edit', target: intent.message.seq, text: draft.text })
      return true
    }
    desk.client.send({
      ...draft,
      ...(intent.kind === 'reply' && { replyTo: intent.message.seq }),
      ...(intent.kind === 'write' && intent.to && { to: intent.to }),
    })
    if (desk.client.state().past) desk.client.returnToNewest()
    return true
  } catch (error) {
    refused.current(error)
    return false
  }
}

function Deleting({ desk }: { desk: Desk }) {
  const isAsked = useStore(desk.deleting, (message) => message !== undefined)
  if (!isAsked) return null
  return (
    <Suspense fallback={null}>
      <DeleteDialog desk={desk} />
    </Suspense>
  )
}
