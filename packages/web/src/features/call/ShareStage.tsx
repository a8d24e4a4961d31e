import type { CallParticipant } from '@maru/client/call'
import Maximize from 'lucide-react/icons/maximize'
import MonitorUp from 'lucide-react/icons/monitor-up'
import { useRef, useState } from 'react'
import { classNames } from '../../ui/class-names.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import type { Box } from './grid.ts'
import { Picture } from './Picture.tsx'
import { Tile } from './Tile.tsx'
import { useCallWords } from './use-call-words.ts'

/** A shared screen takes the stage; the people stand in a strip beside it, or below where the stage is upright. */
export function ShareStage({ people, box }: { people: CallParticipant[]; box: Box }) {
  const words = useCallWords()
  const [chosen, setChosen] = useState<string>()
  // My own screen is not shown to me: that would be a hall of mirrors.
  const sharing = people.filter((person) => person.screen && !person.isMe)
  const shown = sharing.find(({ identity }) => identity === chosen) ?? sharing.at(-1)
  const isWide = box.width > box.height * 1.1
  if (!shown) return null
  return (
    <div className={classNames('absolute inset-0 flex gap-3', isWide ? 'flex-row' : 'flex-col')}>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col gap-2">
        {sharing.length > 1 && (
          // biome-ignore lint/a11y/useSemanticElements: buttons that belong together, no form fields.
          <div role="group" aria-label={words.shares} className="flex flex-none gap-1 overflow-x-auto">
            {sharing.map((person) => (
              <button
                key={person.identity}
                type="button"
                aria-pressed={person === shown}
                className="min-h-9 rounded-button px-3.5 text-sm font-semibold text-soft transition aria-pressed:bg-surface aria-pressed:text-ink pointer-coarse:min-h-11"
                onClick={() => setChosen(person.identity)}
              >
                {words.screenOf(person.name)}
              </button>
            ))}
          </div>
        )}
        <Screen key={shown.identity} person={shown} />
      </div>
      <ul
        aria-label={words.strip}
        // A strip that is longer than the stage is scrolled with the keys.
        tabIndex={0}
        className={classNames(
          'flex flex-none gap-3 rounded-tile p-1.5',
          isWide ? 'w-[clamp(9rem,17%,15rem)] flex-col overflow-y-auto' : 'h-26 overflow-x-auto',
        )}
      >
        {people.map((person) => (
          <Tile
            key={person.identity}
            person={person}
            small
            className={classNames('aspect-video flex-none call-strip-tile', isWide ? 'w-full' : 'h-full')}
          />
        ))}
      </ul>
    </div>
  )
}

function Screen({ person }: { person: CallParticipant }) {
  const words = useCallWords()
  const frame = useRef<HTMLElement>(null)
  return (
    <section
      ref={frame}
      aria-label={words.screenOf(person.name)}
      className="relative min-h-0 flex-1 overflow-hidden rounded-tile bg-[#0e0c0a] text-white"
    >
      {person.screen && <Picture track={person.screen} whole />}
      <p
        aria-hidden="true"
        className="call-caption absolute start-2.5 bottom-2.5 flex max-w-[calc(100%-1.25rem)] items-center gap-2 rounded-[9px] bg-black/62 px-2.5 py-1 text-sm font-semibold backdrop-blur-sm"
      >
        <MonitorUp size={16} className="flex-none" />
        <span className="truncate">{words.screenOf(person.name)}</span>
      </p>
      {document.fullscreenEnabled && (
        <IconButton
          icon={Maximize}
          label={words.fullScreen}
          className="!absolute end-2 top-2 bg-black/50 !text-white hover:bg-black/70"
          onClick={() =>
            void (document.fullscreenElement ? document.exitFullscreen() : frame.current?.requestFullscreen())
          }
        />
      )}
    </section>
  )
}
