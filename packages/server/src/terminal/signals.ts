/** When the server shall end: Ctrl-C, a signal, or the shell that npm put in between is gone. */
const ORPHAN_CHECK_MS = 500
/** Closing takes a few milliseconds; whatever hangs must not keep a terminal waiting. */
const CLOSE_LIMIT_MS = 900

/** Runs `close` once and then ends the process. A second Ctrl-C ends it at once. */
export function endOnSignal(close: () => Promise<void>, { underNpm }: { underNpm: boolean }): void {
  let ending = false
  const end = (code: number) => {
    if (ending) return
    ending = true
    setTimeout(() => process.exit(code), CLOSE_LIMIT_MS)
    close().then(
      () => process.exit(code),
      (error) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', () => (ending ? process.exit(130) : end(130)))
  process.on('SIGTERM', () => end(0))
  process.on('SIGHUP', () => end(0))
  if (!underNpm) return
  // That shell dies of a SIGTERM without passing it on: to be adopted by another parent means the same.
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && end(0), ORPHAN_CHECK_MS).unref()
}
