import { useEffect } from 'react'

/** Keeps the screen of a phone from going dark during a call. A browser that cannot or may not simply does not. */
export function useWakeLock(on: boolean): void {
  useEffect(() => {
    if (!on || !('wakeLock' in navigator)) return
    let lock: Promise<WakeLockSentinel | undefined> = Promise.resolve(undefined)
    const hold = () => {
      if (document.visibilityState === 'visible') lock = navigator.wakeLock.request('screen').catch(() => undefined)
    }
    hold()
    // The browser takes the lock away from a page that is not seen.
    document.addEventListener('visibilitychange', hold)
    return () => {
      document.removeEventListener('visibilitychange', hold)
      void lock.then((held) => held?.release())
    }
  }, [on])
}
