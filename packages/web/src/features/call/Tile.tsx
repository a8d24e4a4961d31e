import type { CallParticipant } from '@maru/client/call'
import MicOff from 'lucide-react/icons/mic-off'
import MonitorUp from 'lucide-react/icons/monitor-up'
import Signal from 'lucide-react/icons/signal'
import SignalLow from 'lucide-react/icons/signal-low'
import WifiOff from 'lucide-react/icons/wifi-off'
import { type CSSProperties, memo, type ReactNode } from 'react'
import { personClass } from '../../lib/person-colour.ts'
import { Avatar } from '../../ui/Avatar.tsx'
import { classNames } from '../../ui/class-names.ts'
import type { Rect } from './grid.ts'
import { Picture } from './Picture.tsx'
import type { NamePlace } from './self-place.ts'
import { useCallWords } from './use-call-words.ts'
import type { CallWords } from './words.en.ts'

interface TileProps {
  person: CallParticipant
  /** Absent where the list around it lays the tiles out. */
  place?: Rect
  name?: NamePlace
  /** In a strip, where a name of the usual size would cover the face. */
  small?: boolean
  className?: string
  children?: ReactNode
}

const atFoot: NamePlace = { at: 'foot', start: 0, end: 0 }

/** One person of the call. All that the eye sees is also in the name of the tile. */
export const Tile = memo(function Tile({ person, place, name = atFoot, small, className, children }: TileProps) {
  const words = useCallWords()
  return (
    <li
      aria-label={describe(person, words)}
      className={classNames(
        personClass(person.identity),
        'call-tile grid place-items-center overflow-hidden rounded-tile bg-tile text-white',
        place ? 'absolute' : 'relative',
        person.speaking && 'call-speaking',
        className,
      )}
      style={place as CSSProperties | undefined}
    >
      <Face person={person} />
      <NameLine person={person} place={name} small={small} />
      {children}
    </li>
  )
})

/** The camera, or a round of the person's colour where there is none or it has not come yet. */
export function Face({ person, small }: { person: CallParticipant; small?: boolean }) {
  return (
    <>
      <span className="call-face absolute inset-0" />
      <span className={classNames('relative grid', small && 'scale-60')}>
        <Avatar id={person.identity} name={person.name} size="large" />
      </span>
      {person.camera && <Picture track={person.camera} mirrored={person.isMe} />}
    </>
  )
}

/** Name and marks on the picture. Hidden from screen readers: the tile's own name says the same. */
export function NameLine({
  person,
  place = atFoot,
  small,
}: {
  person: CallParticipant
  place?: NamePlace
  small?: boolean | undefined
}) {
  const words = useCallWords()
  const name = person.isMe ? words.me(person.name) : person.name
  return (
    <span
      aria-hidden="true"
      className={classNames(
        'absolute flex justify-start transition-all',
        place.at === 'head' ? 'top-2.5' : small ? 'bottom-1.5' : 'bottom-2.5',
      )}
      style={{ insetInlineStart: place.start + (small ? 6 : 10), insetInlineEnd: place.end + (small ? 6 : 10) }}
    >
      <span
        className={classNames(
          'flex min-w-0 items-center gap-1.5 rounded-[9px] bg-black/62 font-semibold backdrop-blur-sm',
          small ? 'px-2 py-0.5 text-xs' : 'px-2.5 py-1 text-sm',
        )}
      >
        {person.speaking && <VoiceBars />}
        {person.microphone !== 'on' && <MicOff size={small ? 13 : 16} className="flex-none text-[#ffb4a6]" />}
        {person.screen && <MonitorUp size={small ? 13 : 16} className="flex-none text-[#7fe0b6]" />}
        {person.quality === 'weak' && <WeakSignal />}
        {person.quality === 'lost' && <WifiOff size={16} className="flex-none text-[#ffb4a6]" />}
        <span className="truncate">{name}</span>
      </span>
    </span>
  )
}

/** One bar of four: the others are there as a shade, or it would look like dust. */
function WeakSignal() {
  return (
    <span className="relative grid flex-none text-[#ffd58a]">
      <Signal size={16} strokeWidth={2.5} className="opacity-35" />
      <SignalLow size={16} strokeWidth={2.5} className="absolute" />
    </span>
  )
}

function VoiceBars() {
  return (
    <span className="call-bars flex-none">
      <i />
      <i />
      <i />
    </span>
  )
}

/** What a tile is called: "Ana, muted, camera off". */
export function describe(person: CallParticipant, words: CallWords): string {
  const { tile } = words
  return [
    person.isMe ? words.me(person.name) : person.name,
    person.microphone === 'muted' && tile.muted,
    person.microphone === 'off' && tile.noMicrophone,
    person.speaking && tile.speaking,
    !person.camera && tile.noCamera,
    person.quality === 'weak' && tile.weak,
    person.quality === 'lost' && tile.lost,
  ]
    .filter(Boolean)
    .join(', ')
}
