import type { Choices } from '../prejoin/Prejoin.tsx'

interface CallViewProps {
  ticket: () => Promise<{ url: string; token: string }>
  choices: Choices
  me: { id: string; name: string }
  panel: 'chat' | 'people' | null
  onPanel: (panel: 'chat' | 'people' | null) => void
  unread: number
  onLeft: (reason?: string) => void
}

/**
 * Placeholder. Renders a fragment of two siblings, which the room page's grid places by their classes:
 * `<main id="stage" data-region className="room-stage">` and `<div id="controls" data-region className="room-bar">`.
 */
export function CallView({ onLeft }: CallViewProps) {
  return (
    <>
      <main id="stage" data-region="" tabIndex={-1} className="room-stage" />
      <div id="controls" data-region="" className="room-bar">
        <button type="button" onClick={() => onLeft()}>
          Leave
        </button>
      </div>
    </>
  )
}
