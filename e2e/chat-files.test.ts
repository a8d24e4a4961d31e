import { spawn } from 'node:child_process'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { entrance, field, has } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { startServer } from './stage/server.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

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

/** A tone of so many seconds, in samples of one byte, 8,000 a second. */
function tone(seconds: number): Buffer {
  const length = 8_000 * seconds
  const file = Buffer.alloc(44 + length)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + length, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  for (const [value, at] of [
    [1, 20],
    [1, 22],
    [1, 32],
    [8, 34],
  ] as const)
    file.writeUInt16LE(value, at)
  file.writeUInt32LE(8_000, 24)
  file.writeUInt32LE(8_000, 28)
  file.write('data', 36)
  file.writeUInt32LE(length, 40)
  for (let sample = 0; sample < length; sample += 1) file[44 + sample] = 128 + 60 * Math.sin(sample / 3)
  return file
}

const canSend = (page: Page) => page.getByRole('button', { name: 'Send', exact: true }).isEnabled()

test('of a small file too it is shown how far it is', async () => {
  const { page } = await enter('Ana', 'small-file')
  const session = await page.context().newCDPSession(page)
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 100_000 }
  await session.send('Network.emulateNetworkConditions', slow)
  await page.evaluate(() => {
    const seen = new Set<number>()
    Object.assign(window, { seen })
    const look = () => {
      const bar = document.querySelector('progress')
      if (bar) seen.add(bar.value)
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true })
  })
  await give(page, 'drop', { name: 'small.bin', type: 'application/octet-stream', kind: 'bytes', size: 300_000 })
  await until(
    'the file being there',
    () => canSend(page),
    (can) => can,
  )
  const shares = await page.evaluate(() => [...(window as unknown as { seen: Set<number> }).seen])
  expect(shares.filter((share) => share > 0 && share < 1).length).toBeGreaterThan(2)
  expect(shares).toEqual(shares.toSorted((one, other) => one - other))
})

test('a picture is pasted; others see its placeholder, then itself', async () => {
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

test('a dropped file goes on where it was after the line broke', async () => {
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

test('an upload is given up, here and on the server', async () => {
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

test('a file too large, and one too many for the disk, are refused in words, and the next one goes', async () => {
  const small = await startServer(undefined, (script, args, stdio) =>
    spawn(process.execPath, [script, ...args, '--file-mb', '2', '--files-mb', '3'], { stdio }),
  )
  onTestFinished(() => small.stop())
  const ana = await entrance({ server: small, chromium: stage.chromium })('Ana', 'tight')
  const put = (name: string, size: number) =>
    give(ana.page, 'drop', { name, type: 'application/x-thing', kind: 'bytes', size })
  const remove = async (name: string) => {
    await ana.page.getByRole('button', { name: `Remove ${name}` }).click()
    await ana.page.getByText(name).waitFor({ state: 'detached' })
  }
  await put('huge.bin', 2_000_001)
  await ana.page.getByText('Larger than this server takes.').waitFor()
  expect(await findings(ana.page)).toEqual([])
  await remove('huge.bin')
  const link = (name: string) => ana.page.getByRole('link', { name: new RegExp(`^Save ${name}`) })
  const send = async (name: string, size: number) => {
    await put(name, size)
    await until(
      'the upload',
      () => canSend(ana.page),
      (can) => can,
    )
    await field(ana.page).press('Enter')
    await link(name).waitFor()
  }
  await send('large.bin', 1_900_000)
  await put('more.bin', 1_500_000)
  await ana.page.getByText('The server has no room for more files.').waitFor()
  await remove('more.bin')
  await send('less.bin', 500_000)
})

test('sound plays in place', async () => {
  const ana = await enter('Ana', 'songs')
  const ben = await enter('Ben', 'songs')
  await ana.page.getByLabel('Add files').setInputFiles([{ name: 'song.wav', mimeType: 'audio/wav', buffer: tone(2) }])
  await until(
    'the upload',
    () => canSend(ana.page),
    (can) => can,
  )
  await field(ana.page).press('Enter')
  const sound = ben.page.locator('audio[aria-label="song.wav"]')
  await sound.waitFor()
  await sound.evaluate((song: HTMLAudioElement) => song.play())
  await until(
    'the song going on',
    () => sound.evaluate((song: HTMLAudioElement) => song.currentTime),
    (at) => at > 0,
  )
  expect(await sound.evaluate((song: HTMLAudioElement) => song.duration)).toBe(2)
  expect(await findings(ben.page)).toEqual([])
})

test('a film plays in place', async () => {
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
