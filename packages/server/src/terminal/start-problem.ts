import type { Words } from './words.ts'

/** A reason not to start that the person at the terminal can act on: shown as it is, without a stack. */
export class StartProblem extends Error {}

/** What went wrong with a port, in words. Anything unexpected is handed back as it was. */
export function portProblem(
  words: Words,
  { port, host, kind, error }: { port: number; host?: string | undefined; kind: 'TCP' | 'UDP'; error: unknown },
): unknown {
  if (hasCode(error, 'EADDRINUSE')) return new StartProblem(words.portTaken(port, kind))
  if (hasCode(error, 'EACCES')) return new StartProblem(words.portForbidden(port))
  if (hasCode(error, 'EADDRNOTAVAIL') && host) return new StartProblem(words.noSuchHost(host))
  return error
}

export function dataProblem(words: Words, folder: string, error: unknown): unknown {
  const { code: given = '', path } = error as NodeJS.ErrnoException
  const code = given === 'EEXIST' && path !== folder ? 'ENOTDIR' : given
  const why = words.fileErrors[code] ?? (error instanceof Error ? error.message : String(error))
  return new StartProblem(words.dataUnusable(folder, why))
}

/** The media engine's errors carry the code in their message alone. */
export function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false
  return (error as NodeJS.ErrnoException).code === code || error.message.includes(code)
}
