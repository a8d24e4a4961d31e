import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { entrance, field, has } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const enter = entrance(setStage('server', 'chromium'))

/** Puts a file into the page as a person would: out of the clipboard, or let fall anywhere. */
function give(
  page: Page,
  how: 'paste' | 'drop',
  file: { name: string; type: string; kind: 'picture' | 'bytes'; size: number },
) {
  return page.evaluate(
    async ({ how, file }) => {
      const draw = async () => {
        const canvas = document.createElement('canvas')
        canvas.width = 400
        canvas.height = 300
        const context = canvas.getContext('2d')
        if (context) context.fillStyle = '#9a5722'
        context?.fillRect(0, 0, 400, 300)
        return new Promise<Blob>((resolve) => canvas.toBlob((blob) => blob && resolve(blob), 'image/png'))
      }
      const content = file.kind === 'picture' ? await draw() : new Blob([new Uint8Array(file.size)])
      const data = new DataTransfer()
      data.items.add(new File([content], file.name, { type: file.type }))
      const init = { bubbles: true, cancelable: true }
      const event =
        how === 'paste'
          ? new ClipboardEvent('paste', { ...init, clipboardData: data })
          : new DragEvent('drop', { ...init, dataTransfer: data })
      const target = how === 'paste' ? document.querySelector('textarea') : document.body
      target?.dispatchEvent(event)
    },
    { how, file },
  )
}

const canSend = (page: Page) => page.getByRole('button', { name: 'Send', exact: true }).isEnabled()

test('a picture is pasted; others see its placeholder, then itself', { timeout: 90_000 }, async () => {
  const ana = await enter('Ana', 'pasted')
  const ben = await enter('Ben', 'pasted')
  await has(ana, /Ben joined/)
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  await ben.page.route('**/files/**', async (route) => {
    await held
    await route.continue()
  })
  await give(ana.page, 'paste', { name: 'floor.png', type: 'image/png', kind: 'picture', size: 0 })
  await ana.page.getByRole('list', { name: 'Files of this message' }).getByText('floor.png').waitFor()
  await until(
    'the upload',
    () => canSend(ana.page),
    (can) => can,
  )
  expect(await findings(ana.page)).toEqual([])
  await field(ana.page).press('Enter')
  const link = ben.page.getByRole('link', { name: 'Open the picture floor.png' })
  const placeholder = () =>
    link.evaluate((box) => {
      const blur = box.querySelector<HTMLImageElement>('img[alt=""]')
      const { width, height } = box.querySelector('img:not([alt=""])')?.getBoundingClientRect() ?? {}
      return { isDrawn: (blur?.naturalWidth ?? 0) > 0, width: Math.round(width ?? 0), height: Math.round(height ?? 0) }
    })
  await until('the placeholder', placeholder, ({ isDrawn }) => isDrawn)
  const before = await placeholder()
  expect(before).toEqual({ isDrawn: true, width: 320, height: 240 })
  release()
  const image = ben.page.getByRole('img', { name: 'floor.png' })
  await until(
    'the picture',
    () => image.evaluate((element: HTMLImageElement) => element.naturalWidth),
    (w) => w === 400,
  )
  const after = await until('the end of the placeholder', placeholder, ({ isDrawn }) => !isDrawn)
  expect(after).toEqual({ ...before, isDrawn: false })
})

test('a dropped file goes on where it was after the line broke', { timeout: 90_000 }, async () => {
  const ana = await enter('Ana', 'dropped')
  const offsets: string[] = []
  await ana.page.route('**/api/uploads/*', (route) => {
    const request = route.request()
    if (request.method() !== 'PATCH') return route.continue()
    offsets.push(request.headers()['upload-offset'] ?? '')
    return offsets.length === 2 ? route.abort('connectionreset') : route.continue()
  })
  await ana.page.getByRole('log').focus()
  await ana.page.evaluate(() => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File(['x'], 'x'))
    document.body.dispatchEvent(new DragEvent('dragover', { bubbles: true, cancelable: true, dataTransfer }))
  })
  const invitation = ana.page.getByText('Let go to add them to your message')
  await invitation.waitFor()
  await give(ana.page, 'drop', { name: 'big.bin', type: 'application/x-thing', kind: 'bytes', size: 2_500_000 })
  await invitation.waitFor({ state: 'hidden' })
  const box = field(ana.page)
  expect(await box.evaluate((area) => area === document.activeElement)).toBe(true)
  await until(
    'the upload',
    () => canSend(ana.page),
    (can) => can,
  )
  expect(offsets).toEqual(['0', '1048576', '1048576', '2097152'])
  await field(ana.page).press('Enter')
  await ana.page.getByRole('link', { name: 'Save big.bin, 2.5 MB' }).waitFor()
})

test('an upload is given up, here and on the server', { timeout: 90_000 }, async () => {
  const ana = await enter('Ana', 'given-up')
  const methods: string[] = []
  await ana.page.route('**/api/uploads/*', (route) => {
    methods.push(route.request().method())
    // The first piece never gets there.
    return route.request().method() === 'PATCH' ? undefined : route.continue()
  })
  await give(ana.page, 'drop', { name: 'big.bin', type: 'application/x-thing', kind: 'bytes', size: 2_500_000 })
  await ana.page.getByRole('progressbar', { name: 'Sending big.bin' }).waitFor()
  await until(
    'the first piece',
    async () => methods,
    (all) => all.includes('PATCH'),
  )
  await ana.page.getByRole('button', { name: 'Remove big.bin' }).click()
  await until(
    'the end of it',
    async () => methods,
    (all) => all.includes('DELETE'),
  )
  expect(await ana.page.getByRole('list', { name: 'Files of this message' }).count()).toBe(0)
  await ana.say('Without it')
  await has(ana, 'Without it')
})

test('a film plays in place', { timeout: 90_000 }, async () => {
  const ana = await enter('Ana', 'films')
  const ben = await enter('Ben', 'films')
  await has(ana, /Ben joined/)
  await ana.page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    canvas.width = 160
    canvas.height = 120
    const context = canvas.getContext('2d')
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm;codecs=vp8' })
    const parts: Blob[] = []
    recorder.ondataavailable = ({ data }) => parts.push(data)
    const ended = new Promise((resolve) => {
      recorder.onstop = resolve
    })
    recorder.start()
    for (let frame = 0; frame < 40; frame += 1) {
      if (context) context.fillStyle = frame % 2 === 0 ? '#9a5722' : '#2c6e54'
      context?.fillRect(frame * 2, 0, 80, 120)
      await new Promise(requestAnimationFrame)
    }
    recorder.stop()
    await ended
    const data = new DataTransfer()
    data.items.add(new File(parts, 'walk.webm', { type: 'video/webm' }))
    document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data }))
  })
  await until(
    'the upload',
    () => canSend(ana.page),
    (can) => can,
  )
  await field(ana.page).press('Enter')
  const video = ben.page.locator('video[aria-label="walk.webm"]')
  await video.waitFor()
  await video.evaluate((film: HTMLVideoElement) => film.play())
  await until(
    'the film moving',
    () => video.evaluate((film: HTMLVideoElement) => film.currentTime),
    (at) => at > 0,
  )
})
