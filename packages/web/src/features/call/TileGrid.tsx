import type { CallParticipant } from '@maru/client/call'
import ChevronLeft from 'lucide-react/icons/chevron-left'
import ChevronRight from 'lucide-react/icons/chevron-right'
import PictureInPicture2 from 'lucide-react/icons/picture-in-picture-2'
import { useLayoutEffect, useState } from 'react'
import { announce } from '../../ui/announce.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { type Arrangement, placeTile, type Rect } from './grid.ts'
import { placeName } from './self-place.ts'
import { isWritingIn } from './shortcut.ts'
import { Tile } from './Tile.tsx'
import { useCallWords } from './use-call-words.ts'

interface TileGridProps {
  people: CallParticipant[]
  arrangement: Arrangement
  /** Where my own picture floats; names move out of its way. */
  self: Rect | undefined
  onSelfToCorner: () => void
}

export function TileGrid({ people, arrangement, self, onSelfToCorner }: TileGridProps) {
  const words = useCallWords()
  const { grid, room, gap } = arrangement
  const [page, setPage] = usePage(grid.pages)
  const shown = people.slice(page * grid.perPage, (page + 1) * grid.perPage)
  return (
    <>
      <ul aria-label={words.people} className="absolute inset-0">
        {shown.map((person, i) => {
          const place = placeTile(i, shown.length, grid, room, gap)
          return (
            <Tile key={person.identity} person={person} place={place} name={placeName(place, self)}>
              {person.isMe && (
                <IconButton
                  icon={PictureInPicture2}
                  label={words.self.toCorner}
                  className="!absolute end-2 top-2 bg-black/50 !text-white hover:bg-black/70"
                  onClick={onSelfToCorner}
                />
              )}
            </Tile>
          )
        })}
      </ul>
      {grid.pages > 1 && <Pager page={page} pages={grid.pages} onPage={setPage} />}
    </>
  )
}

/** The page shown, kept inside the number of pages; Page Up and Page Down turn it. */
function usePage(pages: number): [number, (page: number) => void] {
  const words = useCallWords().pages
  const [wanted, setWanted] = useState(0)
  const page = Math.min(wanted, pages - 1)
  const turn = (to: number) => {
    const next = Math.min(Math.max(to, 0), pages - 1)
    if (next === page) return
    setWanted(next)
    announce(words.atLong(next + 1, pages))
  }
  useLayoutEffect(() => {
    if (pages < 2) return
    const onKeyDown = (event: KeyboardEvent) => {
      if (isWritingIn(event.target) || event.ctrlKey || event.altKey || event.metaKey) return
      if (event.key === 'PageDown') turn(page + 1)
      else if (event.key === 'PageUp') turn(page - 1)
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  })
  return [page, turn]
}

function Pager({ page, pages, onPage }: { page: number; pages: number; onPage: (page: number) => void }) {
  const words = useCallWords().pages
  return (
    <nav aria-label={words.label} className="absolute inset-x-0 bottom-0 flex items-center justify-center gap-2">
      <IconButton icon={ChevronLeft} label={words.before} disabled={page === 0} onClick={() => onPage(page - 1)} />
      <span className="text-sm font-semibold tabular-nums text-soft">{words.at(page + 1, pages)}</span>
      <IconButton
        icon={ChevronRight}
        label={words.after}
        disabled={page === pages - 1}
        onClick={() => onPage(page + 1)}
      />
    </nav>
  )
}
