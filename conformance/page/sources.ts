// Pictures and sounds that need no device, so that their size is ours to choose.

/** A counter on a ground that changes with every frame. */
export function counterPicture(width: number, height: number, rate: number): MediaStreamTrack {
  const canvas = document.createElement('canvas')
  Object.assign(canvas, { width, height })
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  let frame = 0
  const draw = () => {
    frame += 1
    context.fillStyle = `hsl(${(frame * 7) % 360} 60% 40%)`
    context.fillRect(0, 0, width, height)
    context.fillStyle = 'white'
    context.font = `${height / 3}px sans-serif`
    context.fillText(String(frame), width / 4 + ((frame * 5) % (width / 3)), height / 2)
  }
  draw()
  const [track] = canvas.captureStream(rate).getVideoTracks()
  if (!track) throw new Error('this browser takes no picture from a canvas')
  const timer = setInterval(() => (track.readyState === 'ended' ? clearInterval(timer) : draw()), 1_000 / rate)
  return track
}

/** 440 Hz; with `stereo` an octave apart on both sides. */
export function tone(context: AudioContext, stereo: boolean): MediaStreamTrack {
  const target = new MediaStreamAudioDestinationNode(context, { channelCount: stereo ? 2 : 1 })
  const merger = new ChannelMergerNode(context, { numberOfInputs: 2 })
  const sides = stereo ? [440, 880] : [440]
  for (const [side, frequency] of sides.entries()) {
    const oscillator = new OscillatorNode(context, { frequency })
    if (stereo) oscillator.connect(merger, 0, side)
    else oscillator.connect(target)
    oscillator.start()
  }
  if (stereo) merger.connect(target)
  const [track] = target.stream.getAudioTracks()
  if (!track) throw new Error('this browser makes no sound')
  return track
}
