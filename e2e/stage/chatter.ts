import type { Browser } from 'playwright-core'
import { arrive, type Person, type Visit } from './person.ts'
import { until } from './until.ts'

/** Somebody who is in a room for its chat alone. */
export async function chatter(browser: Browser, visit: Visit): Promise<Person> {
  const person = await arrive(browser, visit)
  await person.page.getByRole('button', { name: 'Chat only, without the call' }).click()
  return person
}

/** Waits until a line stands in the conversation. */
export function has(person: Person, line: string | RegExp): Promise<string[]> {
  return until(`"${line}" at ${person.name}`, person.conversation, (all) =>
    all.some((each) => (typeof line === 'string' ? each === line : line.test(each))),
  )
}
