/** What outlives the program: who one is on which server, and what could not be sent yet. In the folder for the state of programs, for nobody else to read. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { KeptMessage, Outbox } from '@maru/client'

export interface Kept {
  token(): string | undefined
  keepToken(token: string): void
  /** The token is worth nothing any more. */
  forgetToken(): void
  outbox: Outbox
}

export interface Place {
  /** The room socket. */
  url: string
  room: string
  /** The nickname one came with: several people of one computer are several members. */
  name: string
}

export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base = env.XDG_STATE_HOME || (process.platform === 'win32' ? env.LOCALAPPDATA : undefined)
  return join(base || join(homedir(), '.local', 'state'), 'maru')
}

export function keepIn(folder: string, { url, room, name }: Place): Kept {
  const member = join(folder, nameOf(url, name))
  const tokenFile = join(member, 'token')
  const outboxFile = join(member, `outbox-${nameOf(room)}.json`)

  const waiting = (): KeptMessage[] => JSON.parse(read(outboxFile) ?? '[]')
  // Small, and written at once: who ends the program a moment later loses nothing.
  async function change(to: (messages: KeptMessage[]) => KeptMessage[]): Promise<void> {
    write(outboxFile, JSON.stringify(to(waiting())))
  }

  return {
    token: () => read(tokenFile),
    keepToken: (token) => write(tokenFile, token),
    forgetToken: () => rmSync(tokenFile, { force: true }),
    outbox: {
      load: async () => waiting(),
      put: (message) =>
        change((messages) =>
          messages.some(({ clientId }) => clientId === message.clientId)
            ? messages.map((other) => (other.clientId === message.clientId ? message : other))
            : [...messages, message],
        ),
      remove: (id) => change((messages) => messages.filter(({ clientId }) => clientId !== id)),
    },
  }
}

/** A name that any file system takes and that tells nothing. */
function nameOf(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32)
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whole or not at all. */
function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true })
  renameSync(`${file}.new`, file)
}
