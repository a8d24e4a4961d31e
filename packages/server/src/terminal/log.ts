/** What the server says beside the few lines meant for the person who started it: one line a record on standard error. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Messages are constant texts, what varies goes into `fields`. Neither may hold secrets, tokens or what people write. */
export type Log = Record<LogLevel, (message: string, fields?: object) => void>

export function createLog({
  level,
  write = (line) => void process.stderr.write(line),
  now = () => new Date(),
}: {
  level: LogLevel
  write?: (line: string) => void
  now?: () => Date
}): Log {
  const least = LOG_LEVELS.indexOf(level)
  const at =
    (name: LogLevel) =>
    (message: string, fields: object = {}) => {
      if (LOG_LEVELS.indexOf(name) < least) return
      write(`${now().toISOString()} ${name} ${message}${textOf(fields)}\n`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** ` key=value` for each field. Values are JSON, so that a line break or escape sequence from outside cannot forge a line. */
function textOf(fields: object): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}=${value instanceof Error ? JSON.stringify(value.stack ?? value.message) : JSON.stringify(value)}`,
    )
    .join('')
}
