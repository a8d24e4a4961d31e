import type { RoomClient } from '@maru/client'
import { AppError } from '@maru/protocol'
import X from 'lucide-react/icons/x'
import type { RefObject } from 'react'
import { useWords } from '../../lib/words/use-words.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { Composer } from './Composer.tsx'
import { MessageLog } from './MessageLog.tsx'

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
  const { chat, problems } = useWords()
  const send = (text: string) => {
    try {
      client.send(text)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      toast(`${chat.notSent} ${problems.short[error.code] ?? error.message}`)
    }
  }
  return (
    <>
      {onClose && (
        <div className="flex items-center gap-1 border-b border-line py-2.5 ps-5 pe-2.5">
          <h2 className="flex-1 text-[1.0625rem] font-bold tracking-tight">{chat.title}</h2>
          <IconButton icon={X} label={chat.close} onClick={onClose} />
        </div>
      )}
      <MessageLog client={client} newFrom={newFrom} />
      <Composer draft={draft} onSend={send} onQuit={onQuit} />
    </>
  )
}
