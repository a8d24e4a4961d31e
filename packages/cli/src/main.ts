/** `npm run join -- ADDRESS`: a room in the terminal. Puts the parts together; the room itself is `@maru/client`. */
import { userInfo } from 'node:os'
import { AppError, readName, readRoomName } from '@maru/protocol'
import { findServer } from './find-server.ts'
import { joinRoom } from './join-room.ts'
import { keepIn, stateFolder } from './kept.ts'
import { createPrompt } from './prompt.ts'
import { readAddress } from './read-address.ts'
import { readArguments } from './read-arguments.ts'
import { type Words, wordsFor } from './words.ts'

const DEFAULT_ROOM = 'hall'

class Refusal extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'guest'
  }
}

async function main(words: Words): Promise<number> {
  const wish = readArguments(process.argv.slice(2), words)
  if (wish.kind === 'help') {
    console.log(words.usage)
    return 0
  }
  if (wish.kind === 'wrong') throw new Refusal(`${wish.problems.join('\n')}\n\n${words.usage}`, 2)
  const address = readAddress(wish.address)
  if (!address) throw new Refusal(words.badAddress(wish.address), 2)
  const room = readRoomName(wish.room ?? address.room ?? DEFAULT_ROOM)
  const prompt = createPrompt(process.stdin, process.stdout)
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true
  const proposed = userName()
  const name = readName(wish.name ?? ((interactive && (await prompt.ask(words.askName(proposed))).trim()) || proposed))

  if (interactive) prompt.print(words.connecting(wish.address))
  const found = await findServer(address.candidates)
  if ('reason' in found)
    throw new Refusal(found.answered ? words.notMaru(wish.address) : words.nobodyAnswers(wish.address, found.reason), 1)
  if (!found.trusted) console.error(words.untrusted)
  if (found.url.startsWith('ws:') && !isLoopback(found.url)) console.error(words.unencrypted)
  const kept = keepIn(stateFolder(process.env), { url: found.url, room, name })
  const colour = interactive && !process.env.NO_COLOR
  const code = await joinRoom({ ...found, room, name, words, prompt, colour, kept })
  prompt.close()
  return code
}

const isLoopback = (url: string): boolean => /^(localhost|127\.|\[::1\])/.test(new URL(url).host)

const words = wordsFor(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG)
process.stdout.on('error', () => process.exit(0)) // whoever read us has gone
main(words).then(
  (code) => {
    process.exitCode = code
    // The goodbye is on its way; a server that does not answer must not hold us.
    setTimeout(() => process.exit(), 500).unref()
  },
  (error: unknown) => {
    if (error instanceof AppError) console.error(words.problem(error.problem()))
    else if (error instanceof Refusal) console.error(error.message)
    else console.error(error)
    process.exit(error instanceof Refusal ? error.exitCode : error instanceof AppError ? 2 : 1)
  },
)
