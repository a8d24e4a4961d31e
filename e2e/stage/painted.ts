import type { BrowserContext } from 'playwright-core'

/** Takes the place of camera and screen in a browser of this context: a person in a room, and a sheet with a few lines. */
export async function paintMedia(
  context: BrowserContext,
  { hue, sheet }: { hue: number; sheet: readonly string[] },
): Promise<void> {
  await context.addInitScript(
    ({ hue, sheet }) => {
      const board = (
        width: number,
        height: number,
        draw: (context: CanvasRenderingContext2D, tick: number) => void,
      ) => {
        const canvas = document.createElement('canvas')
        canvas.width = width
        canvas.height = height
        const context = canvas.getContext('2d')
        let tick = 0
        const paint = () => {
          if (context) draw(context, tick)
          tick += 1
        }
        paint()
        // A picture that stands still sends nothing.
        setInterval(paint, 100)
        return canvas.captureStream(10)
      }
      const face = () =>
        board(640, 360, (context, tick) => {
          const sway = Math.sin(tick / 12) * 4
          const wall = context.createLinearGradient(0, 0, 640, 360)
          wall.addColorStop(0, `hsl(${hue} 32% 74%)`)
          wall.addColorStop(1, `hsl(${hue} 28% 52%)`)
          context.fillStyle = wall
          context.fillRect(0, 0, 640, 360)
          context.fillStyle = `hsl(${hue} 60% 92%)`
          context.fillRect(60, 40, 120, 150)
          context.fillStyle = `hsl(${hue + 150} 30% 45%)`
          context.beginPath()
          context.ellipse(320 + sway / 2, 400, 150, 150, 0, 0, 7)
          context.fill()
          const oval = (colour: string, y: number, width: number, height: number) => {
            context.fillStyle = colour
            context.beginPath()
            context.ellipse(320 + sway, y, width, height, 0, 0, 7)
            context.fill()
          }
          oval(`hsl(${hue + 20} 35% 18%)`, 176, 66, 82)
          oval('hsl(26 44% 62%)', 252, 24, 40)
          oval('hsl(26 48% 68%)', 198, 50, 64)
        })
      const paper = () =>
        board(1280, 720, (context, tick) => {
          context.fillStyle = '#fffdf9'
          context.fillRect(0, 0, 1280, 720)
          context.fillStyle = '#9a5722'
          context.fillRect(0, 0, 1280, 14)
          sheet.forEach((line, row) => {
            context.fillStyle = row === 0 ? '#211c16' : '#6d6355'
            context.font = `${row === 0 ? '700 64px' : '40px'} Pretendard Variable, sans-serif`
            context.fillText(line, 90, row === 0 ? 150 : 180 + row * 90)
          })
          context.fillStyle = tick % 2 === 0 ? '#fffdf9' : '#fffdfa'
          context.fillRect(0, 700, 20, 20)
        })
      const { mediaDevices } = navigator
      const ask = mediaDevices.getUserMedia.bind(mediaDevices)
      mediaDevices.getUserMedia = async (wish = {}) => {
        const { video, audio } = wish
        const sound = audio ? (await ask({ audio })).getAudioTracks() : []
        return new MediaStream([...sound, ...(video ? face().getVideoTracks() : [])])
      }
      mediaDevices.getDisplayMedia = async () => paper()
    },
    { hue, sheet },
  )
}
