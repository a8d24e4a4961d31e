import type { RoomClient } from '@maru/client'
import { lazy, type RefObject, Suspense } from 'react'
import { Chat } from '../../features/chat/Chat.tsx'
import { useWords } from '../../lib/words/use-words.ts'

const People = lazy(async () => ({ default: (await import('../../features/people/People.tsx')).People }))

interface PanelAsideProps {
  panel: 'chat' | 'people'
  client: RoomClient
  draft: RefObject<string>
  newFrom: number | undefined
  onQuit: () => void
  onInvite: () => void
  onSettings: () => void
  onClose: () => void
}

/** The one panel beside the stage; on a phone a sheet over it. */
export function PanelAside({ panel, client, draft, newFrom, onQuit, onInvite, onSettings, onClose }: PanelAsideProps) {
  const { shell } = useWords()
  return (
    <aside id="panel" data-region="" tabIndex={-1} aria-label={shell.roomPanel[panel]} className="room-panel">
      {panel === 'chat' ? (
        <Chat
          client={client}
          draft={draft}
          newFrom={newFrom}
          onQuit={onQuit}
          onInvite={onInvite}
          onSettings={onSettings}
          onClose={onClose}
        />
      ) : (
        <Suspense fallback={null}>
          <People client={client} onInvite={onInvite} onRename={onSettings} onClose={onClose} />
        </Suspense>
      )}
    </aside>
  )
}
