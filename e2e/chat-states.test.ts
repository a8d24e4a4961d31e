import { expect, test } from 'vitest'
import { goThroughCall } from './stage/call-states.ts'
import { goThroughStates } from './stage/chat-states.ts'
import { findings } from './stage/findings.ts'
import type { Look } from './stage/look.ts'
import { setStage } from './stage/set-stage.ts'

const stage = setStage('server', 'chromium')

const looks: (Look & { title: string })[] = [
  { title: 'wide', language: 'en', viewport: { width: 1280, height: 800 }, dark: false },
  { title: 'phone at night', language: 'ko', viewport: { width: 390, height: 844 }, dark: true },
]

type Going = typeof goThroughStates

async function check(going: Going, room: string, look: Look): Promise<string[]> {
  const found: string[] = []
  await going(stage.chromium, stage.server.url, room, look, async (page, state) => {
    found.push(...(await findings(page)).map((finding) => `${state}: ${finding}`))
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (over > 0) found.push(`${state}: scrolls sideways by ${over} px`)
  })
  return found
}

test.each(looks)('every state of the chat is accessible and fits: $title', { timeout: 240_000 }, async (look) => {
  expect(await check(goThroughStates, `states-${look.language}`, look)).toEqual([])
})

test.each(looks)('every state of a call is accessible and fits: $title', { timeout: 240_000 }, async (look) => {
  expect(await check(goThroughCall, `call-${look.language}`, look)).toEqual([])
})
