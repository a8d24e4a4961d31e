import type { Draft, RoomClient } from '@maru/client'
import { AppError, type Message } from '@maru/protocol'
import { lazy, type RefObject, Suspense, useMemo, useRef } from 'react'
import { useStore } from '../../lib/store.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'
import { toast } from '../../ui/Toasts.tsx'
import { ChatHead } from './ChatHead.tsx'
import { Composer } from './Composer.tsx'
import { createDesk, type Desk } from './desk.ts'
import { MessageLog } from './MessageLog.tsx'
import { TypingLine } from './TypingLine.tsx'

const ChatDialogs = lazy(async () => ({ default: (await import('./ChatDialogs.tsx')).ChatDialogs }))
const ThreadView = lazy(async () => ({ default: (await import('./ThreadView.tsx')).ThreadView }))
const StorageNote = lazy(async () => ({ default: (await import('./StorageNote.tsx')).StorageNote }))
const WhoReacted = lazy(async () => ({ default: (await import('./WhoReacted.tsx')).WhoReacted }))
const DeleteDialog = lazy(async () => ({ default: (await import('./DeleteDialog.tsx')).DeleteDialog }))

export interface ChatProps {
  client: RoomClient
  draft: RefObject<string>
  newFrom: number | undefined
  onQuit: () => void
  onInvite: () => void
  onSettings: () => void
  /** Absent where the chat is the whole page. */
  onClose?: () => void
}

/** The conversation of a room, as a panel or as the whole page. */
export function Chat({ client, draft, newFrom, onQuit, onInvite, onSettings, onClose }: ChatProps) {
  const refused = useRefused()
  const desk = useMemo(() => createDesk(client, (error) => refused.current(error)), [client, refused])
  const isStuck = useStore(client, (state) => state.connection === 'open' && !state.storageWorks)
  const thread = useStore(desk.thread, (root) => root)
  const command = useCommand(desk, { quit: onQuit, invite: onInvite, settings: onSettings }, refused)
  return (
    <>
      {thread === undefined ? (
        <>
          <ChatHead desk={desk} onClose={onClose} />
          <MessageLog desk={desk} newFrom={newFrom} />
        </>
      ) : (
        <Suspense fallback={<div className="flex-1" />}>
          <ThreadView key={thread} desk={desk} root={thread} />
        </Suspense>
      )}
      <TypingLine client={client} />
      {isStuck && (
        <Suspense fallback={null}>
          <StorageNote />
        </Suspense>
      )}
      <Composer desk={desk} draft={draft} onSend={(message) => sendFrom(desk, message, refused)} onCommand={command} />
      <Opened desk={desk} />
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
      if (draft.text !== intent.message.text) void edit(desk, intent.message, draft.text)
      return true
    }
    desk.send(draft)
    return true
  } catch (error) {
    refused.current(error)
    return false
  }
}

/** What was refused, since the connection is lost or the disk full, is not: it is in the field again, unless that is in use. */
async function edit(desk: Desk, message: Message, text: string): Promise<void> {
  const isDone = await desk.ask<'edit'>({ type: 'edit', target: message.seq, text })
  if (!isDone && desk.intent.state().kind === 'write') desk.intent.set({ kind: 'edit', message, text })
}

/** Runs what was typed as a command; the table of them comes when the first one is. Gives whether the field may be emptied. */
function useCommand(
  desk: Desk,
  actions: { quit: () => void; invite: () => void; settings: () => void },
  refused: RefObject<(error: unknown) => void>,
): (text: string) => Promise<boolean> {
  const language = useLanguage()
  return async (text) => {
    try {
      const [{ runCommand, whyNot }, { moreWords }] = await Promise.all([
        import('./commands.ts'),
        import('./more-words.ts'),
      ])
      const outcome = await runCommand(text, { desk, ...actions })
      const reason = whyNot(outcome, text, moreWords(language))
      if (reason !== undefined) toast(reason)
      return outcome === 'done'
    } catch (error) {
      refused.current(error)
      return false
    }
  }
}

/** What is asked or shown in front of the conversation. */
function Opened({ desk }: { desk: Desk }) {
  const isDeleting = useStore(desk.deleting, (message) => message !== undefined)
  const isReacted = useStore(desk.reacted, (message) => message !== undefined)
  const isDialog = useStore(desk.dialog, (dialog) => dialog !== undefined)
  return (
    <Suspense fallback={null}>
      {isDeleting && <DeleteDialog desk={desk} />}
      {isReacted && <WhoReacted desk={desk} />}
      {isDialog && <ChatDialogs desk={desk} />}
    </Suspense>
  )
}
