import DoorOpen from 'lucide-react/icons/door-open'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'

/** After leaving: the room goes on, and the way back is one press. */
export function LeftScreen({ room, onAgain, onHome }: { room: string; onAgain: () => void; onHome: () => void }) {
  const { shell } = useWords()
  return (
    <div className="grid h-full place-content-center justify-items-center gap-3 overflow-y-auto bg-paper px-6 py-10 text-center">
      <span className="grid size-18 place-items-center rounded-panel bg-wood-tint text-wood">
        <DoorOpen size={32} aria-hidden="true" />
      </span>
      <h1 className="mt-2 text-2xl font-bold tracking-tight">{shell.left.title}</h1>
      <p className="max-w-md text-balance text-soft">{shell.left.text(room)}</p>
      <div className="mt-4 flex flex-wrap justify-center gap-2">
        <Button look="go" onClick={onAgain}>
          {shell.left.again}
        </Button>
        <Button onClick={onHome}>{shell.left.home}</Button>
      </div>
    </div>
  )
}
