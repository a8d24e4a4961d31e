import type { RoomClient } from '@maru/client'
import MonitorSmartphone from 'lucide-react/icons/monitor-smartphone'
import WifiOff from 'lucide-react/icons/wifi-off'
import { useEffect, useRef, useState } from 'react'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { announce } from '../../ui/announce.ts'

/**
 * A line over the page while the room socket is away, with the seconds to the next try. It is said once when the
 * connection goes and once when it is back, not every second. That the room is open elsewhere is said here only during a call: without one a screen
 * of its own says it.
 */
export function ConnectionBanner({ client, inCall }: { client: RoomClient; inCall: boolean }) {
  const { problems } = useWords()
  const connection = useStore(client, (state) => state.connection)
  const retryAt = useStore(client, (state) => state.retryAt)
  const replaced = useStore(client, (state) => state.problem?.code === 'replaced') && inCall
  const known = useStore(client, (state) => state.me !== undefined)
  const seconds = useCountdown(connection === 'waiting' ? retryAt : undefined)
  const away = useRef(false)

  useEffect(() => {
    if (connection === 'waiting' && known && !away.current) {
      away.current = true
      announce(problems.lost, 'assertive')
    }
    if (connection === 'open' && away.current) {
      away.current = false
      announce(problems.back)
    }
  }, [connection, known, problems])

  const trying = connection === 'connecting' && away.current
  if (!replaced && connection !== 'waiting' && !trying) return null
  const text = replaced
    ? problems.screens.replaced.title
    : trying || seconds <= 0
      ? problems.waitingNow
      : problems.waiting(seconds)
  const Icon = replaced ? MonitorSmartphone : WifiOff
  return (
    <section
      aria-label={problems.connection}
      className="pointer-events-none fixed inset-x-0 top-2 z-40 flex justify-center px-3"
    >
      <div className="rise pointer-events-auto flex min-h-11 max-w-full items-center gap-2.5 rounded-[14px] bg-ink py-1 ps-4 pe-1.5 text-sm font-medium text-paper shadow-soft">
        <Icon size={18} className="flex-none" aria-hidden="true" />
        <span className="min-w-0 tabular-nums">{text}</span>
        {(replaced || connection === 'waiting') && (
          <button
            type="button"
            className="min-h-9 rounded-button bg-paper/15 px-3 font-semibold hover:bg-paper/25 focus-visible:outline-paper pointer-coarse:min-h-11"
            onClick={() => client.reconnect()}
          >
            {replaced ? problems.continueHere : problems.tryNow}
          </button>
        )}
      </div>
    </section>
  )
}

/** Whole seconds until a time, counted down; 0 where there is none. */
function useCountdown(until: number | undefined): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (until === undefined) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [until])
  return until === undefined ? 0 : Math.max(0, Math.ceil((until - now) / 1_000))
}
