import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Place } from './place.ts'

/** A message of one of the programs in `crates/engine-bench`. */
export type Said = { type?: string; id?: number } & Record<string, unknown>

export interface Agent {
  readonly pid: number
  /** One line; see `wire.rs` for its form. */
  say(...words: (string | number | boolean)[]): void
  /** The next message that fits. Rejects when the program ends, or after a minute. */
  next<T extends Said>(fits: (said: Said) => boolean): Promise<T>
  end(): void
}

const PATIENCE_MS = 60_000
const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Starts `engine-bench PROGRAM` at a place. */
export function startAgent(binary: string, program: string, place: Place): Agent {
  const [command = binary, ...args] = [...place.prefix, binary, program, place.ip]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  let gone: Error | undefined
  const waiting = new Set<{
    fits: (said: Said) => boolean
    done: (said: Said) => void
    failed: (error: Error) => void
  }>()
  child.stderr.on('data', (data) => {
    complaint = (complaint + data).slice(-4_000)
  })
  child.stdin.on('error', () => {})
  child.on('error', (error) => fail(error))
  child.on('close', (code) => fail(new Error(`engine-bench ${program} ended with ${code}. ${complaint.trim()}`)))
  const fail = (error: Error) => {
    gone ??= error
    for (const each of waiting) each.failed(gone)
    waiting.clear()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as Said
    for (const each of waiting) {
      if (!each.fits(said)) continue
      waiting.delete(each)
      return each.done(said)
    }
  })
  return {
    pid: child.pid ?? 0,
    say: (...words) => {
      const plain = (word: unknown) => String(word).replace(/[\\\n\r\t]/g, (letter) => escapes[letter] ?? letter)
      child.stdin.write(`${words.map(plain).join('\t')}\n`)
    },
    next: <T extends Said>(fits: (said: Said) => boolean) =>
      new Promise<T>((resolve, reject) => {
        if (gone) return reject(gone)
        const timer = setTimeout(() => {
          waiting.delete(each)
          reject(new Error(`engine-bench ${program} does not answer. ${complaint.trim()}`))
        }, PATIENCE_MS)
        const each = {
          fits,
          done: (said: Said) => {
            clearTimeout(timer)
            resolve(said as T)
          },
          failed: (error: Error) => {
            clearTimeout(timer)
            reject(error)
          },
        }
        waiting.add(each)
      }),
    end: () => endOf(child),
  }
}

function endOf(child: ChildProcess) {
  child.stdin?.end()
  child.kill('SIGTERM')
}
