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
  const { code, path } = error as NodeJS.ErrnoException
  const isPart = code === 'EEXIST' && path !== folder
  return new StartProblem(words.dataUnusable(folder, reasonOf(words, isPart ? { code: 'ENOTDIR' } : error)))
}

/** SQLite's codes of what the system has codes for. */
const SQLITE_CODES: Record<number, string> = { 8: 'EROFS', 13: 'ENOSPC' }

/** Why a folder cannot be used. */
export function reasonOf(words: Words, error: unknown): string {
  const { code = '', errcode = 0 } = error as { code?: string; errcode?: number }
  const known = words.fileErrors[SQLITE_CODES[errcode & 0xff] ?? code]
  if (known !== undefined) return known
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}

/** The media engine's errors carry the code in their message alone. */
export function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false
  return (error as NodeJS.ErrnoException).code === code || error.message.includes(code)
}
