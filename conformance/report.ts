// What was seen, printed as it comes and written down at the end.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Outcome {
  /** What drove the server, such as "livekit-client 2.23.0, Chromium, single". */
  client: string
  server: string
  behaviour: string
  passed: boolean
  milliseconds: number
  problem?: string
}

/** What a client does not show with any server: it is not among the outcomes. */
export interface Known {
  client: string
  behaviour: string
  why: string
}

export class Report {
  readonly outcomes: Outcome[] = []
  readonly known: Known[] = []
  readonly leftOut: string[] = []

  add(outcome: Outcome): void {
    this.outcomes.push(outcome)
    if (!outcome.passed) console.log(`  FAIL ${outcome.client}: ${outcome.behaviour}\n       ${outcome.problem}`)
  }

  name(known: Known): void {
    this.known.push(known)
    console.log(`  known difference of ${known.client}: ${known.behaviour}: ${known.why}`)
  }

  /** A client that could not be had, and why. */
  leaveOut(what: string): void {
    this.leftOut.push(what)
    console.log(`  left out: ${what}`)
  }

  /** One line for all outcomes of one client. */
  sum(client: string): void {
    const own = this.outcomes.filter((outcome) => outcome.client === client)
    const passed = own.filter((outcome) => outcome.passed).length
    const seconds = own.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1_000
    console.log(
      `${own[0]?.server ?? ''}: ${client}: ${passed} of ${own.length} behaviours (${seconds.toFixed(0)} s of work)`,
    )
  }

  get failed(): number {
    return this.outcomes.filter(({ passed }) => !passed).length
  }

  write(file: string): void {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      `${JSON.stringify({ outcomes: this.outcomes, known: this.known, leftOut: this.leftOut }, undefined, 1)}\n`,
    )
  }
}
