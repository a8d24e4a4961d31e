import { lazy, Suspense } from 'react'
import { Chat, type ChatProps } from '../../features/chat/Chat.tsx'
import { useWords } from '../../lib/words/use-words.ts'

const People = lazy(async () => ({ default: (await import('../../features/people/People.tsx')).People }))

interface PanelAsideProps {
  panel: 'chat' | 'people'
  chat: ChatProps
  onClose: () => void
}

/** The one panel beside the stage; on a phone a sheet over it. */
export function PanelAside({ panel, chat, onClose }: PanelAsideProps) {
  const { shell } = useWords()
  return (
    <aside id="panel" data-region="" tabIndex={-1} aria-label={shell.roomPanel[panel]} className="room-panel">
      {panel === 'chat' ? (
        <Chat {...chat} onClose={onClose} />
      ) : (
        <Suspense fallback={null}>
          <People client={chat.client} onInvite={chat.onInvite} onRename={chat.onSettings} onClose={onClose} />
        </Suspense>
      )}
    </aside>
  )
}
