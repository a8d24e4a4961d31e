import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { openContext } from './browsers.ts'
import { type Received, received, watchMedia } from './media.ts'
import { until } from './until.ts'

/** Where the pictures lie that tests take. */
export const shots = join(import.meta.dirname, '../../.cache/shots')
mkdirSync(shots, { recursive: true })

/** What two cores can encode and decode for four people. */
export const smallCamera = { width: 320, height: 180, frameRate: 15 }

/** Somebody in front of a browser: does what a person would do, found by role and name as a screen reader finds it. */
export interface Person {
  readonly name: string
  readonly page: Page
  /** From the page before the call into the call, with microphone and camera. */
  join(): Promise<void>
  say(text: string): Promise<void>
  /** The lines of the chat as they stand on the screen, oldest first. */
  conversation(): Promise<string[]>
  hears(): Promise<Received>
  /** The tile of somebody else, whatever state its label tells. */
  tile(of: string): Locator
  press(control: string): Promise<void>
  leave(): Promise<void>
  photograph(title: string): Promise<void>
}

export interface Visit {
  url: string
  room: string
  name: string
  camera?: { width: number; height: number; frameRate: number }
  viewport?: { width: number; height: number }
  dark?: boolean
  /** A finger instead of a mouse. */
  touch?: boolean
  /** Before the page is opened. */
  prepare?: (page: Page) => Promise<void>
}

export async function arrive(browser: Browser, visit: Visit): Promise<Person> {
  const context = await openContext(browser, {
    viewport: visit.viewport ?? { width: 1280, height: 800 },
    colorScheme: visit.dark ? 'dark' : 'light',
    ...(visit.touch && { hasTouch: true, isMobile: true }),
  })
  const page = await context.newPage()
  await watchMedia(page, visit.camera)
  await visit.prepare?.(page)
  await page.goto(`${visit.url}/r/${visit.room}`)
  await write(page.getByLabel('Your name', { exact: true }), visit.name)
  return person(page, visit.name)
}

function person(page: Page, name: string): Person {
  const control = (label: string) =>
    page.getByRole('toolbar', { name: 'Call controls' }).getByRole('button', { name: label, exact: true })
  return {
    name,
    page,
    async join() {
      await page.getByRole('button', { name: 'Join', exact: true }).click()
      await page.getByRole('toolbar', { name: 'Call controls' }).waitFor()
    },
    async say(text) {
      const box = page.getByRole('textbox', { name: 'Message to everyone' })
      await write(box, text)
      await box.press('Enter')
    },
    async conversation() {
      const text = await page.getByRole('log', { name: 'Messages' }).innerText()
      return text.split('\n').filter((line) => line.trim() !== '')
    },
    hears: () => received(page),
    tile: (of) => page.getByRole('listitem', { name: new RegExp(`^${of}(,|$)`) }),
    press: (label) => control(label).click(),
    leave: () => control('Leave').click(),
    async photograph(title) {
      await page.screenshot({ path: join(shots, `${title}.png`) })
    },
  }
}

/** What a person types. In Firefox ESR the driver's own typing of Korean sets the value without the page hearing of it. */
export async function write(field: Locator, text: string): Promise<void> {
  await until(
    'the field taking text',
    () => field.isEditable(),
    (isEditable) => isEditable,
  )
  await field.focus()
  await field.evaluate((element, value) => {
    const prototype =
      element instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype
    Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(element, value)
    element.dispatchEvent(new InputEvent('input', { bubbles: true }))
  }, text)
}
