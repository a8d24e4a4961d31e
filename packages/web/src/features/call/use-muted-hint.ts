import { type CallClient, watchLevel } from '@maru/client/call'
import { useEffect, useState } from 'react'

/** As loud as somebody who talks to the others, and not to the cat. */
const TALKING = 0.55
/** Readings above it, of 20 a second, before we say something. */
const ENOUGH = 12
const SHOWN_MS = 4_000

/** True for some seconds after somebody has been talking into a muted microphone. Nothing of it leaves this machine. */
export function useMutedHint(client: CallClient, isMuted: boolean): boolean {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const track = isMuted ? client.microphoneTrack() : undefined
    if (!track) return
    // A muted track is silent, its copy is not.
    const copy = track.clone()
    copy.enabled = true
    let loud = 0
    const stop = watchLevel(copy, (level) => {
      loud = level > TALKING ? loud + 1 : Math.max(0, loud - 0.25)
      if (loud < ENOUGH) return
      loud = 0
      setShown(true)
    })
    return () => {
      stop()
      copy.stop()
      setShown(false)
    }
  }, [client, isMuted])
  useEffect(() => {
    if (!shown) return
    const timer = setTimeout(() => setShown(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [shown])
  return shown && isMuted
}
