import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openContext } from './stage/browsers.ts'
import { has } from './stage/chatter.ts'
import { type Received, received } from './stage/media.ts'
import { arrive, type Person, smallCamera } from './stage/person.ts'
import { servePlainPage } from './stage/plain-page.ts'
import { seesAndHears } from './stage/sees-and-hears.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium', 'firefox')

/** Percent of samples that a pair of connections without any server between them had to make up. */
async function directConcealment(browser: Browser): Promise<number> {
  const plain = await servePlainPage()
  const page = await (await openContext(browser)).newPage()
  await page.goto(plain.url)
  await page.evaluate(async () => {
    const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()]
    from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate)
    to.onicecandidate = ({ candidate }) => candidate && from.addIceCandidate(candidate)
    to.ontrack = ({ track }) => {
      const video = document.querySelector('video') as HTMLVideoElement
      video.muted = false
      video.srcObject = new MediaStream([track])
    }
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
    for (const track of stream.getTracks()) from.addTrack(track, stream)
    await from.setLocalDescription()
    await to.setRemoteDescription(from.localDescription as RTCSessionDescription)
    await to.setLocalDescription()
    await from.setRemoteDescription(to.localDescription as RTCSessionDescription)
    window.connections = [from, to]
  })
  const seconds = ({ audios }: Received) => (audios[0]?.samples ?? 0) / 48_000
  const { audios } = await until(
    'five seconds of sound',
    () => received(page),
    (heard) => seconds(heard) > 5,
  )
  plain.close()
  await page.context().close()
  const [heard] = audios
  return (100 * (heard?.concealed ?? 0)) / (heard?.samples ?? 1)
}

test('four people in three Chromiums and a Firefox see, hear and write each other', { timeout: 480_000 }, async () => {
  // High enough that the lines of this test stand on the screen at once: the log draws only what is near.
  const visit = {
    url: stage.server.url,
    room: 'everyone',
    camera: smallCamera,
    viewport: { width: 1280, height: 1300 },
  }
  const people: Person[] = []
  for (const [browser, name] of [
    [stage.chromium, 'Ana'],
    [stage.chromium, 'Ben'],
    [stage.chromium, 'Cho'],
    [stage.firefox, 'Dara'],
  ] as const) {
    const person = await arrive(browser, { ...visit, name })
    await person.join()
    people.push(person)
  }
  const [ana, ben, cho, dara] = people as [Person, Person, Person, Person]
  for (const person of people) await seesAndHears(person, 3)
  console.log(
    `a direct pair in the same minute: concealed samples ${(await directConcealment(stage.chromium)).toFixed(1)} %`,
  )
  for (const person of people) {
    const { audios } = await person.hears()
    const share = audios.map(({ concealed, samples }) => `${((100 * concealed) / samples).toFixed(1)} %`)
    console.log(`${person.name}: concealed samples ${share.join(', ')}`)
  }

  // Everybody reads the same lines in the same order.
  for (let round = 0; round < 3; round += 1)
    for (const person of people) await person.say(`${person.name} says ${round}`)
  const said = (lines: string[]) => lines.filter((line) => / says \d$/.test(line))
  const conversations = await Promise.all(
    people.map((person) =>
      until(
        `all lines at ${person.name}`,
        async () => said(await person.conversation()),
        (lines) => lines.length === 12,
      ),
    ),
  )
  for (const conversation of conversations) expect(conversation).toEqual(conversations[0])

  // Mute shows everywhere.
  await ana.press('Microphone')
  for (const person of [ben, cho, dara]) await person.page.getByRole('listitem', { name: /^Ana, muted/ }).waitFor()
  await ana.press('Microphone')
  for (const person of [ben, cho, dara]) await person.page.getByRole('listitem', { name: /^Ana(?!, muted)/ }).waitFor()
  await ana.photograph('four-people')

  // A reload in mid-call is the same person.
  await ben.page.reload()
  await ben.join()
  await seesAndHears(ben, 3)
  await until('Ben being seen again', ana.hears, ({ videos }) => videos.length >= 3)
  expect((await ana.conversation()).join('\n')).not.toContain('Ben 2')

  // Leaving takes the tile away and writes the line.
  await cho.press('Leave')
  await cho.page.close()
  await ana.tile('Cho').waitFor({ state: 'detached' })
  await until('the line that Cho left', ana.conversation, (all) => all.some((line) => /Cho\b.* left/.test(line)))
})

// Of two people: with three more browsers at work a page may take longer to come back than it is waited for, which is five seconds.
test('who reloads in mid-call is the same person, and nobody is told of it', { timeout: 300_000 }, async () => {
  const visit = { url: stage.server.url, room: 'again', camera: smallCamera }
  const [ana, ben] = [
    await arrive(stage.chromium, { ...visit, name: 'Ana' }),
    await arrive(stage.chromium, { ...visit, name: 'Ben' }),
  ]
  for (const person of [ana, ben]) await person.join()
  for (const person of [ana, ben]) await seesAndHears(person, 1)
  await ben.page.reload()
  await ben.join()
  for (const person of [ana, ben]) await seesAndHears(person, 1)
  await ben.say('Here again')
  const lines = await has(ana, 'Here again')
  expect(lines.filter((line) => /\bBen\b.* joined/.test(line))).toHaveLength(1)
  expect(lines.join('\n')).not.toMatch(/Ben 2|Ben left/)
})

/** A busy machine makes fewer pictures, not smaller ones. */
async function keepsItsSize(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { setParameters } = RTCRtpSender.prototype
    RTCRtpSender.prototype.setParameters = function (parameters, ...more) {
      return setParameters.call(this, { ...parameters, degradationPreference: 'maintain-resolution' }, ...more)
    }
  })
}

test('two people alone get the picture at the size it was sent', { timeout: 300_000 }, async () => {
  const visit = {
    url: stage.server.url,
    room: 'two',
    camera: { width: 1280, height: 720, frameRate: 15 },
    prepare: keepsItsSize,
  }
  const eva = await arrive(stage.chromium, { ...visit, name: 'Eva' })
  await eva.join()
  const finn = await arrive(stage.chromium, { ...visit, name: 'Finn', viewport: { width: 1600, height: 1000 } })
  await finn.join()
  await until(
    '720 lines',
    finn.hears,
    ({ videos }) => videos.some(({ width, height }) => width === 1280 && height === 720),
    120_000,
  )
  await finn.photograph('two-people')
})
