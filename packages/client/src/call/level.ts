/** The quietest and the loudest level shown, in decibels below full scale: a silent room and a raised voice. */
const QUIET_DB = -60
const LOUD_DB = -8

/** Loudness of samples in -1..1 as the length of a level bar, 0..1. */
export function levelOf(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  if (sum === 0) return 0
  const decibels = 10 * Math.log10(sum / samples.length)
  return Math.min(1, Math.max(0, (decibels - QUIET_DB) / (LOUD_DB - QUIET_DB)))
}

/** Time between two readings. 20 a second look smooth together with a short CSS transition. */
const READING_MS = 50

/**
 * Calls `onLevel` with the loudness of a track, 0..1, until the returned function is called. It runs beside the
 * rendering: let the callback move an element, never set state.
 */
export function watchLevel(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  const source = context.createMediaStreamSource(new MediaStream([track]))
  source.connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    onLevel(levelOf(samples))
  }, READING_MS)
  // A browser may hold the audio back until the page is touched for the first time.
  const wake = (): void => void context.resume().catch(() => {})
  const stopWaking = (): void => {
    for (const event of ['pointerdown', 'keydown']) removeEventListener(event, wake, true)
  }
  if (context.state === 'suspended') {
    for (const event of ['pointerdown', 'keydown']) addEventListener(event, wake, true)
    wake()
  }
  return () => {
    clearInterval(timer)
    stopWaking()
    source.disconnect()
    void context.close().catch(() => {})
  }
}
