import type { CallTrack } from '@maru/client/call'
import { useLayoutEffect, useRef } from 'react'
import { classNames } from '../../ui/class-names.ts'

interface PictureProps {
  track: CallTrack
  /** My own camera, as a mirror shows it. */
  mirrored?: boolean
  /** A screen is shown whole; a face fills its tile. */
  whole?: boolean
}

/** A moving picture. The track is attached by ref: its frames never pass through rendering. */
export function Picture({ track, mirrored, whole }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null)
  useLayoutEffect(() => {
    const element = video.current
    if (!element) return
    track.attach(element)
    return () => void track.detach(element)
  }, [track])
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a video without controls takes no focus.
    <video
      ref={video}
      autoPlay
      muted
      playsInline
      aria-hidden="true"
      className={classNames(
        'absolute inset-0 size-full',
        whole ? 'object-contain' : 'object-cover',
        mirrored && '-scale-x-100',
      )}
    />
  )
}
