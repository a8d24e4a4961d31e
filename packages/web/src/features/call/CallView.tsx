import type { JoinChoices, Ticket } from '@maru/client/call'

interface CallViewProps {
  ticket: () => Promise<Ticket>
  choices: JoinChoices
  me: { id: string; name: string }
  panel: 'chat' | 'people' | null
  onPanel: (panel: 'chat' | 'people' | null) => void
  unread: number
  onLeft: (reason?: string) => void
}

export function CallView({ onLeft }: CallViewProps) {
  return <button type="button" onClick={() => onLeft()}>Leave</button>
}
