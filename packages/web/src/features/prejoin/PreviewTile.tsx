import type { Preview, PreviewState } from '@maru/client/call'
import Mic from 'lucide-react/icons/mic'
import MicOff from 'lucide-react/icons/mic-off'
import Video from 'lucide-react/icons/video'
import VideoOff from 'lucide-react/icons/video-off'
import { useLayoutEffect, useRef } from 'react'
import { Avatar } from '../../ui/Avatar.tsx'
import { ControlButton } from '../../ui/ControlButton.tsx'
import { usePrejoinWords } from './use-prejoin-words.ts'

/** My own picture as a mirror shows it, with the two switches in it. */
export function PreviewTile({ preview, state, name }: { preview: Preview; state: PreviewState; name: string }) {
  const words = usePrejoinWords()
  const { microphone, camera } = state
  const hears = microphone.wanted && !microphone.problem
  const sees = camera.wanted && !camera.problem
  return (
    <div className="relative grid aspect-[16/10] w-full place-items-center overflow-hidden rounded-3xl bg-tile text-[#f4eee4] shadow-soft">
      {camera.track ? (
        <Mirror track={camera.track} />
      ) : (
        <div className="grid max-w-sm place-items-center gap-3 px-6 pb-16 text-center">
          {state.asking && (microphone.wanted || camera.wanted) ? (
            <p role="status">{words.asking}</p>
          ) : (
            <>
              <Avatar id={name} name={name} size="large" />
              <p className="text-sm text-[#d8cbb8]">{words.cameraOff}</p>
            </>
          )}
        </div>
      )}
      <div className="absolute bottom-4 flex gap-0.5 rounded-bar bg-surface p-1.25 shadow-soft max-sm:bottom-2.5">
        <ControlButton
          icon={hears ? Mic : MicOff}
          label={words.mic}
          aria-label={words.microphone}
          pressed={hears}
          tone={hears ? 'live' : 'off'}
          onClick={() => void preview.set('microphone', !hears)}
        />
        <ControlButton
          icon={sees ? Video : VideoOff}
          label={words.camera}
          pressed={sees}
          tone={sees ? 'plain' : 'off'}
          onClick={() => void preview.set('camera', !sees)}
        />
      </div>
    </div>
  )
}

function Mirror({ track }: { track: MediaStreamTrack }) {
  const video = useRef<HTMLVideoElement>(null)
  useLayoutEffect(() => {
    if (video.current) video.current.srcObject = new MediaStream([track])
  }, [track])
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a video without controls takes no focus.
    <video
      ref={video}
      autoPlay
      muted
      playsInline
      aria-hidden="true"
      className="absolute size-full -scale-x-100 object-cover"
    />
  )
}
