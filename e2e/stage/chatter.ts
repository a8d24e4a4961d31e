import type { Browser, Locator, Page } from 'playwright-core'
import { arrive, type Person, type Visit } from './person.ts'
import type { RunningServer } from './server.ts'
import { until } from './until.ts'

/** Somebody who is in a room for its chat alone, with the field to write in in front of them. */
export async function chatter(browser: Browser, visit: Visit): Promise<Person> {
  const person = await arrive(browser, visit)
  await chatOnly(person.page)
  return person
}

/** From the page before the call into the chat alone. */
export async function chatOnly(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Chat only, without the call' }).click()
  await field(page).waitFor()
}

/** Has people come in Chromium: `enter('Ana', 'kitchen')`. */
export function entrance(stage: { readonly server: RunningServer; readonly chromium: Browser }) {
  return (name: string, room: string, more: Partial<Visit> = {}): Promise<Person> =>
    chatter(stage.chromium, { url: stage.server.url, room, name, ...more })
}

export const field = (page: Page): Locator => page.getByRole('textbox', { name: 'Message to everyone' })

/** Waits until a line stands in the conversation, be it one that is still on its way. */
export function has(person: Person, line: string | RegExp): Promise<string[]> {
  return until(`"${line}" at ${person.name}`, person.conversation, (all) =>
    all.some((each) => (typeof line === 'string' ? each === line : line.test(each))),
  )
}

/**
 * Says something with names of emoji in it, as who types it does: they have been suggested before it is sent, so their signs are known. A message
 * waits two seconds for them and then goes as it was typed.
 */
export async function sayWithEmoji(person: Person, text: string): Promise<void> {
  await field(person.page).pressSequentially(':ta')
  await person.page.getByRole('option').first().waitFor()
  await person.say(text)
}

/** A message that the server has; one on its way is no article yet, and nothing can be done with it. */
export const message = ({ page }: Pick<Person, 'page'>, said: string | RegExp): Locator =>
  page.getByRole('article', { name: said })

/** Says something, and waits until the server has it. */
export async function tell(person: Person, text: string): Promise<void> {
  await person.say(text)
  await message(person, text).last().waitFor()
}

/**
 * Does what leads to a message, and waits until that one is marked; it is for some seconds only, so the wait begins before. Known by its name: what
 * can be done with it stands in it too, once it has the focus.
 */
export async function leadsTo(person: Pick<Person, 'page'>, said: string | RegExp, act: () => Promise<unknown>) {
  await Promise.all([message(person, said).and(person.page.locator('.lit')).waitFor(), act()])
}

/** All that the server has of a conversation, read from its beginning to its end: what is out of view is not in the page. */
export function readThrough({ page }: Pick<Person, 'page'>): Promise<string[]> {
  return page.getByRole('log', { name: 'Messages' }).evaluate(async (log) => {
    const said = new Map<number, string>()
    const look = async (offset: number) => {
      log.scrollTop = offset
      for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame)
      for (const each of log.querySelectorAll<HTMLElement>('[data-message]'))
        said.set(Number(each.dataset.message), each.innerText)
    }
    await look(0)
    while (log.scrollTop + log.clientHeight < log.scrollHeight - 1) await look(log.scrollTop + log.clientHeight / 2)
    return [...said].sort(([one], [other]) => one - other).flatMap(([, text]) => text.split('\n'))
  })
}

/** Waits until a log stands still: what moves on between press and release is not clicked. */
export function standsStill(log: Locator): Promise<boolean> {
  return until(
    'the log standing still',
    () =>
      log.evaluate(async (box) => {
        const before = box.scrollTop
        for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame)
        return box.scrollTop === before
      }),
    (isStill) => isStill,
  )
}
