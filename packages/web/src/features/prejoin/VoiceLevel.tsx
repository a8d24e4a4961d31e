import { type PreviewSource, watchLevel } from '@maru/client/call'
import { useEffect, useRef, useState } from 'react'
import { usePrejoinWords } from './use-prejoin-words.ts'

/** From here on a voice counts as heard. */
const HEARD = 0.4
/** How often the value for screen readers follows the bar. */
const SPOKEN_EVERY_MS = 1_000

/** A bar that moves with the own voice, so that a dead microphone is noticed before anybody is waiting. */
export function VoiceLevel({ microphone }: { microphone: PreviewSource }) {
  const { track, wanted, problem } = microphone
  const words = usePrejoinWords()
  const meter = useRef<HTMLDivElement>(null)
  const bar = useRef<HTMLSpanElement>(null)
  const [heard, setHeard] = useState<MediaStreamTrack>()

  useEffect(() => {
    const element = bar.current
    if (!track || !element) return
    let shown = 0
    let spokenAt = 0
    const stop = watchLevel(track, (level) => {
      // Up at once, down slowly, as the eye expects of a meter.
      shown = Math.max(level, shown * 0.82)
      element.style.transform = `scaleX(${shown.toFixed(3)})`
      if (level > HEARD) setHeard(track)
      const now = performance.now()
      if (now - spokenAt < SPOKEN_EVERY_MS) return
      spokenAt = now
      meter.current?.setAttribute('aria-valuenow', String(Math.round(shown * 100)))
    })
    return () => {
      stop()
      element.style.transform = 'scaleX(0)'
      meter.current?.setAttribute('aria-valuenow', '0')
    }
  }, [track])

  const sound = heard !== undefined && heard === track ? words.hint.heard : words.hint.speak
  const hint = !wanted ? words.hint.off : problem ? words.hint.noneYet : sound
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: browsers paint a meter element in colours of their own. */}
      <div
        ref={meter}
        role="meter"
        aria-label={words.level}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={0}
        className="mx-1 mt-4 h-1.5 overflow-hidden rounded-full bg-line"
      >
        <span ref={bar} className="block h-full origin-left scale-x-0 rounded-full bg-pine" />
      </div>
      <p className="mx-1 mt-2 text-sm text-soft">{hint}</p>
    </>
  )
}
