import type { CallPerson } from '@maru/protocol'

/** What somebody chose before joining: `false` is off, a string is a device id, absent is the system's choice. */
export interface Choices {
  name: string
  microphone?: string | false
  camera?: string | false
}

interface PrejoinProps {
  room: string
  /** The remembered nickname, or '' when none is known: then it is asked for here. */
  name: string
  people: readonly CallPerson[]
  onJoin: (choices: Choices) => void
  /** The name as it stands in the field. */
  onChatOnly: (name: string) => void
}

/** Placeholder: stands inside of the room page's `<main id="stage">`. */
export function Prejoin({ room, name, onJoin, onChatOnly }: PrejoinProps) {
  return (
    <div>
      <h1>{room}</h1>
      <button type="button" onClick={() => onJoin({ name })}>
        Join
      </button>
      <button type="button" onClick={() => onChatOnly(name)}>
        Chat
      </button>
    </div>
  )
}
