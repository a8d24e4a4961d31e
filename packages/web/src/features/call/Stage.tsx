import type { CallParticipant, CallSnapshot } from '@maru/client/call'
import LoaderCircle from 'lucide-react/icons/loader-circle'
import { useMemo, useRef, useState } from 'react'
import { Alone } from './Alone.tsx'
import { arrange, type Box, NARROW_STAGE } from './grid.ts'
import { SelfView } from './SelfView.tsx'
import { ShareStage } from './ShareStage.tsx'
import { type Corner, selfRect } from './self-place.ts'
import { TileGrid } from './TileGrid.tsx'
import { inOrder, tileOrder } from './tile-order.ts'
import { useBox } from './use-box.ts'
import { useCallWords } from './use-call-words.ts'

export type SelfMode = 'corner' | 'small' | 'grid'

/** Everybody in the call, a shared screen in the middle where there is one, and my own picture in a corner. */
export function Stage({ call, me }: { call: CallSnapshot; me: { id: string; name: string } }) {
  const area = useRef<HTMLDivElement>(null)
  const box = useBox(area)
  const [selfMode, setSelfMode] = useState<SelfMode>('corner')
  const [corner, setCorner] = useState<Corner>('bottom-right')
  const { mine, others } = useSeats(call.people)
  const isJoining = call.standing.phase === 'joining' && others.length === 0
  const isShared = others.some((person) => person.screen)
  const isAlone = call.standing.phase === 'live' && others.length === 0
  const floats = mine !== undefined && !isShared && (selfMode !== 'grid' || others.length === 0)
  const size = selfSize(box, selfMode === 'small')
  const inGrid = mine && !floats ? [...others, mine] : others
  const arrangement = arrange(inGrid.length, box)
  const over = others.length === 0 ? { left: 0, top: 0, ...box } : arrangement.bounds
  const self = floats ? selfRect(corner, over, size) : undefined

  return (
    <div className="min-h-0 flex-1 px-2.5 pt-1.5 pb-2 sm:px-4.5">
      <div ref={area} className="relative size-full">
        {isJoining && <Joining call={call} name={me.name} />}
        {isAlone && <Alone />}
        {isShared && <ShareStage people={inGrid} box={box} />}
        {!isShared && inGrid.length > 0 && box.width > 0 && (
          <TileGrid
            people={inGrid}
            arrangement={arrangement}
            self={self}
            onSelfToCorner={() => setSelfMode('corner')}
          />
        )}
        {floats && box.width > 0 && self && (
          <SelfView
            person={mine}
            place={self}
            corner={corner}
            box={box}
            isSmall={selfMode === 'small'}
            canJoinGrid={!isAlone}
            onCorner={setCorner}
            onMode={setSelfMode}
          />
        )}
      </div>
    </div>
  )
}

/** Me and the others, each of whom keeps the place once taken. */
function useSeats(people: readonly CallParticipant[]): {
  mine: CallParticipant | undefined
  others: CallParticipant[]
} {
  const order = useRef<string[]>([])
  return useMemo(() => {
    const mine = people.find((person) => person.isMe)
    const others = people.filter((person) => !person.isMe)
    order.current = tileOrder(
      order.current,
      others.map(({ identity }) => identity),
    )
    return { mine, others: inOrder(order.current, others) }
  }, [people])
}

/** My own picture stays small beside the others, upright on a phone held upright. */
function selfSize(box: Box, isSmall: boolean): Box {
  if (isSmall) return { width: 52, height: 52 }
  if (box.width < NARROW_STAGE) return { width: 92, height: 124 }
  return box.width > 1_500 ? { width: 240, height: 135 } : { width: 176, height: 99 }
}

function Joining({ call, name }: { call: CallSnapshot; name: string }) {
  const words = useCallWords()
  const { standing } = call
  const attempt = standing.phase === 'joining' ? standing.attempt : 1
  return (
    <div role="status" className="absolute inset-0 grid place-items-center text-soft">
      <p className="rise flex items-center gap-3 rounded-panel bg-surface px-6 py-4 shadow-soft">
        <LoaderCircle size={20} aria-hidden="true" className="call-spin" />
        <span>
          {attempt > 1 ? words.joiningAgain(attempt) : words.joining}
          <span className="sr-only"> {name}</span>
        </span>
      </p>
    </div>
  )
}
