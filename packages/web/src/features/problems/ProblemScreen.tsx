import type { RoomState } from '@maru/client'
import type { LucideIcon } from 'lucide-react'
import Clock from 'lucide-react/icons/clock'
import DoorClosed from 'lucide-react/icons/door-closed'
import MonitorSmartphone from 'lucide-react/icons/monitor-smartphone'
import RefreshCw from 'lucide-react/icons/refresh-cw'
import ServerOff from 'lucide-react/icons/server-off'
import TriangleAlert from 'lucide-react/icons/triangle-alert'
import UserPen from 'lucide-react/icons/user-pen'
import Users from 'lucide-react/icons/users'
import { type FormEvent, useState } from 'react'
import { useWords, type Words } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { Field } from '../../ui/Field.tsx'

type Screen = keyof Words['problems']['screens']

const icons: Record<Screen, LucideIcon> = {
  replaced: MonitorSmartphone,
  server_gone: ServerOff,
  room_name: DoorClosed,
  name: UserPen,
  room_full: Users,
  unsupported_version: RefreshCw,
  foreign_origin: TriangleAlert,
  storage_unavailable: ServerOff,
  transfer_bad: Clock,
  session_ended: UserPen,
  page_broken: RefreshCw,
  other: Clock,
}

/** Which of the screens tells a problem of the room. */
export function screenFor(code: NonNullable<RoomState['problem']>['code'] | 'server_gone'): Screen {
  if (code.startsWith('room_') && code !== 'room_full') return 'room_name'
  if (code.startsWith('name_')) return 'name'
  return code in icons ? (code as Screen) : 'other'
}

interface ProblemScreenProps {
  screen: Screen
  /** What the server said, for whoever wants to know more. */
  message?: string | undefined
  name: string
  onRetry: () => void
  onName: (name: string) => void
  onHome: () => void
}

/** A problem that leaves nothing else to show: what happened, what it means, and a way on. */
export function ProblemScreen({ screen, message, name, onRetry, onName, onHome }: ProblemScreenProps) {
  const { problems } = useWords()
  const Icon = icons[screen]
  const { title, text } = problems.screens[screen]
  return (
    <div className="grid h-full place-content-center justify-items-center gap-3 overflow-y-auto bg-paper px-6 py-10 text-center">
      <span className="grid size-18 place-items-center rounded-panel bg-wood-tint text-wood">
        <Icon size={32} aria-hidden="true" />
      </span>
      <h1 className="mt-2 text-2xl font-bold tracking-tight">{title}</h1>
      <p className="max-w-md text-balance text-soft">{text}</p>
      <div className="mt-4 flex flex-wrap justify-center gap-2">
        {screen === 'name' ? <NameForm name={name} onName={onName} /> : <WayOn screen={screen} onRetry={onRetry} />}
        <Button onClick={onHome}>{problems.home}</Button>
      </div>
      {message && screen === 'other' && (
        <details className="mt-2 max-w-md text-sm text-soft">
          <summary className="cursor-pointer">{problems.details}</summary>
          <p>{message}</p>
        </details>
      )}
    </div>
  )
}

function WayOn({ screen, onRetry }: { screen: Screen; onRetry: () => void }) {
  const { problems } = useWords()
  if (screen === 'room_name' || screen === 'foreign_origin') return null
  if (screen === 'unsupported_version' || screen === 'page_broken')
    return (
      <Button look="go" onClick={() => location.reload()}>
        {problems.reload}
      </Button>
    )
  return (
    <Button look="go" onClick={onRetry}>
      {screen === 'replaced' ? problems.continueHere : screen === 'session_ended' ? problems.asNew : problems.retry}
    </Button>
  )
}

function NameForm({ name, onName }: { name: string; onName: (name: string) => void }) {
  const { problems } = useWords()
  const [text, setText] = useState(name)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim()) onName(text.trim())
  }
  return (
    <form onSubmit={submit} className="flex w-full items-end gap-2 text-start">
      <Field
        label={problems.name}
        boxClassName="flex-1"
        value={text}
        autoComplete="nickname"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" look="go" className="min-h-13">
        {problems.otherName}
      </Button>
    </form>
  )
}
