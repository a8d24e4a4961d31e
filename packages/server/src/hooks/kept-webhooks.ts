/** What webhooks of calls still have to tell when the server goes down, in a file for the next start. It is read once: a crash tells nothing twice. */
import { readFileSync, rmSync } from 'node:fs'
import * as v from 'valibot'
import { writeForOwner } from '../api-keys.ts'
import type { WaitingLine } from './deliver-in-order.ts'

const lines = v.array(
  v.object({
    url: v.string(),
    line: v.string(),
    bodies: v.pipe(v.array(v.object({ text: v.string(), since: v.number() })), v.minLength(1)),
    attempts: v.pipe(v.number(), v.integer(), v.minValue(0)),
    at: v.number(),
  }),
)

/** Takes them out of the file. A file that cannot be read is complained of, and nothing was waiting. */
export function takeWebhooks(file: string, complain: (error: unknown) => void): WaitingLine[] {
  try {
    const text = readFileSync(file, 'utf8')
    rmSync(file)
    return v.parse(lines, JSON.parse(text))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') complain(error)
    return []
  }
}

/** @throws when they cannot be written */
export function keepWebhooks(file: string, waiting: readonly WaitingLine[]): void {
  if (waiting.length > 0) writeForOwner(file, JSON.stringify(waiting))
}
