import type { CallParticipant, CallTrack } from '@maru/client/call'
import { useLayoutEffect, useRef } from 'react'

/** Everything there is to hear, apart from the tiles: a voice must not stop because its tile is on another page. */
export function Sounds({ people }: { people: readonly CallParticipant[] }) {
  return (
    <div hidden>
      {people.flatMap((person) =>
        person.sounds.map((sound) => <Sound key={`${person.identity} ${sound.mediaStreamTrack.id}`} track={sound} />),
      )}
    </div>
  )
}

function Sound({ track }: { track: CallTrack }) {
  const audio = useRef<HTMLAudioElement>(null)
  useLayoutEffect(() => {
    const element = audio.current
    if (!element) return
    track.attach(element)
    return () => void track.detach(element)
  }, [track])
  // biome-ignore lint/a11y/useMediaCaption: live voices have no captions.
  return <audio ref={audio} autoPlay />
}
