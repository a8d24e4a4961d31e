import { beforeAll, expect, test } from 'vitest'
import { entrance, field, has, leadsTo, message } from './stage/chatter.ts'
import { fillRoom } from './stage/fill-room.ts'
import { findings } from './stage/findings.ts'
import type { Person } from './stage/person.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const MESSAGES = 100_000

const stage = setStage('server', 'chromium')
const enter = entrance(stage)
beforeAll(async () => {
  await stage.server.kill()
  fillRoom(stage.server.data, 'old', MESSAGES)
  await stage.server.restart()
}, 60_000)

test('a thread: answers are read and written apart from the rest', async () => {
  const ana = await enter('Ana', 'threads')
  const ben = await enter('Ben', 'threads')
  await ana.say('Who brings bread?')
  await ana.say('Something else')
  await has(ben, 'Something else')
  const question = message(ben, /bread/)
  await question.press('r')
  await ben.say('I do')
  // By key: what comes below, and who has read it, moves the button up meanwhile.
  await ana.page.getByRole('button', { name: '1 answer', exact: true }).press('Enter')
  const thread = ana.page.getByRole('log', { name: 'Messages of this thread' })
  await thread.getByText('I do').waitFor()
  expect(await thread.getByText('Something else').count()).toBe(0)
  await ana.page.getByRole('textbox', { name: 'Answer in this thread' }).fill('Thanks')
  await ana.page.keyboard.press('Enter')
  await thread.getByText('Thanks').waitFor()
  await ana.photograph('thread')
  expect(await findings(ana.page)).toEqual([])

  const answer = message(ben, /I do/)
  await answer.press('e')
  await field(ben.page).fill('I do, and butter')
  await ben.page.keyboard.press('Enter')
  await thread.getByText('I do, and butter').waitFor()
  await message(ben, /Thanks/).press('t')
  await ben.page.getByRole('heading', { name: 'Thread', exact: true }).waitFor()
  await leadsTo(ben, 'bread', () => ben.page.getByRole('log', { name: 'Messages of this thread' }).press('Escape'))
})

test('who leaves the thread of a message of long ago stands at that message', async () => {
  const ana = await enter('Ana', 'old')
  await has(ana, `Message ${MESSAGES}`)
  const dialog = ana.page.getByRole('dialog', { name: 'Search this room' })
  await ana.say('/search "Message 50002"')
  await dialog.getByText('1 found').waitFor()
  const then = message(ana, /Message 50002$/)
  await leadsTo(ana, /Message 50002$/, () => dialog.getByRole('listitem').getByRole('button').press('Enter'))
  const stands = () =>
    until(
      'the focus being at the message',
      () => then.evaluate((row) => row === document.activeElement),
      (is) => is,
    )
  await stands()
  await ana.page.keyboard.press('t')
  const thread = ana.page.getByRole('log', { name: 'Messages of this thread' })
  await thread.getByText('Message 50002').waitFor()
  await leadsTo(ana, /Message 50002$/, () => thread.press('Escape'))
  await stands()
})

interface Look {
  first: number
  last: number
  nodes: number
}

/** The numbers of the first and last message in the page, and how many elements the log has. */
function look(person: Person): Promise<Look> {
  return person.page.getByRole('log', { name: 'Messages' }).evaluate((log) => {
    const numbers = [...log.querySelectorAll<HTMLElement>('[data-message]')].map((each) => Number(each.dataset.message))
    return { first: Math.min(...numbers), last: Math.max(...numbers), nodes: log.querySelectorAll('*').length }
  })
}

test('a hundred thousand messages: pages both ways, and never more of it in the page than is seen', {
  timeout: 180_000,
}, async () => {
  const ana = await enter('Ana', 'old')
  await has(ana, `Message ${MESSAGES}`)
  const log = ana.page.getByRole('log', { name: 'Messages' })
  await log.hover()
  const again = ana.page.getByRole('button', { name: 'Try again' })
  const wheel = async (deltaY: number, reached: (seen: Look) => boolean) => {
    let most = 0
    await until(
      `scrolling by ${deltaY}`,
      async () => {
        await ana.page.mouse.wheel(0, deltaY)
        // More pages in a moment than one may ask for are refused, and asked for again.
        await again.evaluateAll((all) => all.forEach((button) => void (button as HTMLElement).click()))
        const seen = await look(ana)
        most = Math.max(most, seen.nodes)
        return seen
      },
      reached,
      90_000,
    )
    return most
  }
  const most = [await wheel(-4_000, ({ first }) => first < MESSAGES - 1_200)]
  most.push(await wheel(4_000, ({ last }) => last >= MESSAGES))
  most.push(await wheel(-4_000, ({ first }) => first < MESSAGES - 600))
  expect(Math.max(...most)).toBeLessThan(1_500)
  // Once more down by the button, as from anywhere.
  await ana.page.getByRole('button', { name: 'Latest messages' }).click()
  await until(
    'the newest',
    () => look(ana),
    ({ last }) => last >= MESSAGES,
  )
})

test('a day long ago is gone to in one step, read on from both ways, and left by a button', async () => {
  const ana = await enter('Ana', 'old')
  await has(ana, `Message ${MESSAGES}`)
  const log = ana.page.getByRole('log', { name: 'Messages' })
  await leadsTo(ana, /Message 1$/, () => ana.say('/date 2020-01-01'))
  expect((await look(ana)).first).toBe(1)
  await log.hover()
  await until(
    'the next page',
    async () => {
      await ana.page.mouse.wheel(0, 4_000)
      return look(ana)
    },
    ({ first }) => first > 120,
  )
  await until(
    'the beginning again',
    async () => {
      await ana.page.mouse.wheel(0, -4_000)
      return look(ana)
    },
    ({ first }) => first === 1,
  )
  await ana.page.getByRole('button', { name: 'Latest messages' }).click()
  await until(
    'the newest',
    () => look(ana),
    ({ last }) => last >= MESSAGES,
  )
})

test('what is pressed while the log scrolls is pressed', async () => {
  const ana = await enter('Ana', 'old')
  await has(ana, `Message ${MESSAGES}`)
  const lost = await ana.page.getByRole('log', { name: 'Messages' }).evaluate(async (box) => {
    const { left, top, width, height } = box.getBoundingClientRect()
    let count = 0
    for (let step = 0; step < 10; step += 1) {
      box.scrollTop -= 5
      for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame)
      if (document.elementFromPoint(left + width / 2, top + height / 2) === box) count += 1
    }
    return count
  })
  expect(lost).toBe(0)
})

test('a page of history above the view moves nothing in it', async () => {
  const ana = await enter('Ana', 'old')
  await has(ana, `Message ${MESSAGES}`)
  const log = ana.page.getByRole('log', { name: 'Messages' })
  /** Scrolls up a little; gives how far the message at the top has moved beyond that, in px. */
  const step = () =>
    log.evaluate(async (box) => {
      const frames = async () => {
        for (let count = 0; count < 6; count += 1) await new Promise(requestAnimationFrame)
      }
      await frames()
      // At the very top there is nothing to scroll until the page before is there.
      while (box.scrollTop < 100) await frames()
      const { top } = box.getBoundingClientRect()
      const all = () => [...box.querySelectorAll<HTMLElement>('[data-message]')]
      const placeOf = (seq: string | undefined) =>
        all()
          .find((each) => each.dataset.message === seq)
          ?.getBoundingClientRect().top
      const mark = all().find((each) => each.getBoundingClientRect().top > top)?.dataset.message
      const before = placeOf(mark)
      box.scrollBy(0, -100)
      await frames()
      const after = placeOf(mark)
      return { moved: Math.abs((after ?? Number.NaN) - (before ?? Number.NaN) - 100), first: Number(mark) }
    })
  for (;;) {
    const { moved, first } = await step()
    expect(moved).toBeLessThan(3)
    // Three pages further up than what was there at first.
    if (first < MESSAGES - 180) break
  }
})
