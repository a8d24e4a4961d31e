import type { JoinChoices } from '@maru/client/call'

interface PrejoinProps {
  room: string
  name: string
  people: { identity: string; name: string }[]
  onJoin: (choices: JoinChoices) => void
  onChatOnly: () => void
}

export function Prejoin({ name, onJoin }: PrejoinProps) {
  return <button type="button" onClick={() => onJoin({ name })}>Join</button>
}
