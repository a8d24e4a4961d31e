import type { CallParticipant } from '@maru/client/call'
import type { LucideIcon } from 'lucide-react'
import LayoutGrid from 'lucide-react/icons/layout-grid'
import Minimize2 from 'lucide-react/icons/minimize-2'
import { type KeyboardEvent, type PointerEvent, useRef } from 'react'
import { personClass } from '../../lib/person-colour.ts'
import { Avatar } from '../../ui/Avatar.tsx'
import { announce } from '../../ui/announce.ts'
import { classNames } from '../../ui/class-names.ts'
import type { Box, Rect } from './grid.ts'
import type { SelfMode } from './Stage.tsx'
import { type Corner, cornerByKey, nearestCorner } from './self-place.ts'
import { Face, NameLine } from './Tile.tsx'
import { useCallWords } from './use-call-words.ts'

interface SelfViewProps {
  person: CallParticipant
  place: Rect
  corner: Corner
  box: Box
  isSmall: boolean
  canJoinGrid: boolean
  onCorner: (corner: Corner) => void
  onMode: (mode: SelfMode) => void
}

/** A move shorter than this is a press. */
const DRAG_STARTS_AT = 5

/** My own picture: in a corner, moved by drag or arrow keys, made small, or put among the others. */
export function SelfView({ person, place, corner, box, isSmall, canJoinGrid, onCorner, onMode }: SelfViewProps) {
  const words = useCallWords().self
  const drag = useDrag(place, box, onCorner)
  const onKeyDown = (event: KeyboardEvent) => {
    const next = cornerByKey(corner, event.key)
    if (!next) return
    event.preventDefault()
    if (next === corner) return
    onCorner(next)
    announce(words.moved(words.corners[next]))
  }
  if (isSmall) {
    return (
      <button
        type="button"
        aria-label={words.restore}
        title={words.restore}
        className="call-self absolute z-10 grid place-items-center rounded-full shadow-soft"
        style={place}
        onKeyDown={onKeyDown}
        onClick={() => onMode('corner')}
      >
        <Avatar id={person.identity} name={person.name} />
      </button>
    )
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a picture with two buttons is no set of form fields.
    <div
      role="group"
      aria-label={words.move}
      tabIndex={0}
      className={classNames(
        personClass(person.identity),
        'call-self group absolute z-10 grid cursor-grab touch-none place-items-center overflow-hidden rounded-tile bg-tile text-white shadow-[0_0_0_2px_#ffffff33,0_12px_30px_#0008]',
      )}
      style={place}
      onKeyDown={onKeyDown}
      {...drag}
    >
      <Face person={person} small />
      <NameLine person={person} small />
      <div className="pointer-events-none absolute inset-x-1 top-1 flex justify-between opacity-0 transition group-focus-within:pointer-events-auto group-focus-within:opacity-100 group-hover:pointer-events-auto group-hover:opacity-100">
        <SmallButton icon={Minimize2} label={words.minimise} onClick={() => onMode('small')} />
        {canJoinGrid && <SmallButton icon={LayoutGrid} label={words.toGrid} onClick={() => onMode('grid')} />}
      </div>
    </div>
  )
}

function SmallButton({ icon: Icon, label, onClick }: { icon: LucideIcon; label: string; onClick: () => void }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className="grid size-7 place-items-center rounded-[9px] bg-black/62 hover:bg-black/80 focus-visible:outline-white pointer-coarse:size-10"
      onClick={onClick}
    >
      <Icon size={15} aria-hidden="true" />
    </button>
  )
}

/** Follows the pointer by ref and snaps to the nearest corner at the end. */
function useDrag(place: Rect, box: Box, onCorner: (corner: Corner) => void) {
  const start = useRef<{ x: number; y: number; moved: boolean }>(undefined)
  const end = (event: PointerEvent<HTMLElement>) => {
    const from = start.current
    start.current = undefined
    const element = event.currentTarget
    delete element.dataset.dragging
    element.style.translate = ''
    if (!from?.moved || event.type === 'pointercancel') return
    const x = place.left + place.width / 2 + event.clientX - from.x
    const y = place.top + place.height / 2 + event.clientY - from.y
    onCorner(nearestCorner(x, y, box))
  }
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0 || (event.target as HTMLElement).closest('button')) return
      start.current = { x: event.clientX, y: event.clientY, moved: false }
      event.currentTarget.setPointerCapture(event.pointerId)
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const from = start.current
      if (!from) return
      const [x, y] = [event.clientX - from.x, event.clientY - from.y]
      from.moved ||= Math.hypot(x, y) > DRAG_STARTS_AT
      if (!from.moved) return
      event.currentTarget.dataset.dragging = ''
      event.currentTarget.style.translate = `${x}px ${y}px`
    },
    onPointerUp: end,
    onPointerCancel: end,
  }
}
