import { hostname } from 'node:os'
import { type Draft, openRoom, type PendingMessage, type RoomState, type WebSocketLike } from '@maru/client'
import { AppError, type Line } from '@maru/protocol'
import { openSocket } from './find-server.ts'
import { formatEntry, harmless, paint } from './format-entry.ts'
import type { Kept } from './kept.ts'
import type { Prompt } from './prompt.ts'
import { readLine } from './read-line.ts'
import { fetcherFor } from './request.ts'
import {
  act,
  askAll,
  edit,
  pin,
  pins,
  type RoomCommands,
  remove,
  reply,
  save,
  search,
  send,
  tell,
  vote,
} from './room-commands.ts'
import type { Words } from './words.ts'

export interface JoinOptions {
  url: string
  trusted: boolean
  room: string
  name: string
  words: Words
  prompt: Prompt
  colour: boolean
  kept: Kept
  /** The number of entries shown at first. */
  firstEntries?: number
}

/** Is in the room until the user leaves or the server refuses; gives the exit code. */
export function joinRoom(options: JoinOptions): Promise<number> {
  const { url, trusted, words, prompt, colour, kept, firstEntries = 30 } = options
  let token = kept.token()
  const client = openRoom({
    url,
    room: options.room,
    name: options.name,
    token,
    device: `${hostname()}, terminal`,
    onToken(given) {
      token = given
      kept.keepToken(given)
    },
    outbox: kept.outbox,
    onOutboxProblem: (error) => note(words.outboxBroken(error instanceof Error ? error.message : String(error))),
    connect: (address) => openSocket(address, trusted) as unknown as WebSocketLike,
  })
  let shown: { seq: number } | undefined
  let oldest = Number.POSITIVE_INFINITY
  let before = client.state()
  let ending = false
  let ended = false
  let away = false
  let done = (_code: number) => {}
  const finished = new Promise<number>((resolve) => {
    done = resolve
  })
  /** A server may say of a problem what it likes. */
  const wordsFor = ({ code, message }: { code: string; message: string }) =>
    words.problem({ code, message: harmless(message) })
  function reasonOf(error: unknown): string {
    if (error instanceof AppError) return wordsFor(error)
    const { code, path = '', message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return words.isThere(harmless(path))
    return code === 'ENOENT' || code === 'EACCES' ? words.noSuchFile(harmless(path)) : message
  }
  const note = (text: string) => prompt.print(paint(text, 'dim', colour))

  function showEntries(entries: readonly Line[], me: string | undefined): void {
    for (const entry of entries) prompt.print(formatEntry(entry, { words, colour, me }))
    oldest = Math.min(oldest, entries[0]?.seq ?? oldest)
  }

  /** What was shown and is another now. */
  function showChanges(entries: readonly Line[], before: readonly Line[], me: string | undefined): void {
    const known = new Map(before.map((entry) => [entry.seq, entry]))
    for (const entry of entries) {
      const old = known.get(entry.seq)
      if (entry === old || entry.kind !== 'message' || old?.kind !== 'message' || entry.seq < oldest) continue
      if (entry.edited !== old.edited || entry.deleted !== old.deleted)
        prompt.print(formatEntry(entry, { words, colour, me }))
    }
  }

  function showNews(state: RoomState): void {
    const me = state.me?.id
    if (!shown) {
      prompt.print(words.welcome(harmless(state.me?.name ?? ''), harmless(state.room)))
      showEntries(state.entries.slice(-firstEntries), me)
      who(state)
      shown = { seq: state.entries.at(-1)?.seq ?? 0 }
      if (state.pending.length > 0) note(words.restored(state.pending.length))
      listen()
      return
    }
    const last = state.entries.at(-1)?.seq ?? 0
    // A log that ends before what was shown is another one: a server begun anew.
    const seq = last < shown.seq ? 0 : shown.seq
    const news = state.entries.filter((entry) => entry.seq > seq)
    const [first] = news
    // Numbers may be left out: only a log that begins anew behind what was shown, and not with its first line, has left out messages.
    const isWhole = seq === 0 || !state.hasOlder || state.entries.some((entry) => entry.seq <= seq)
    if (first && !isWhole) {
      note(`-- ${words.skipped} --`)
      oldest = first.seq
    }
    showEntries(news, me)
    shown = { seq: last }
  }

  function who({ people, me }: RoomState): void {
    const names = people.map(({ id, name }) => (id === me?.id ? `${harmless(name)} *` : harmless(name)))
    prompt.print(words.here(names.join(', ')))
  }

  function showFailed(message: PendingMessage): void {
    prompt.print(words.notSent(harmless(message.text), message.problem ? wordsFor(message.problem) : ''))
    client.discard(message.clientId)
  }

  function changed(state: RoomState): void {
    const last = before
    before = state
    if (state.connection === 'open') {
      if (away) note(words.back)
      away = false
      if (shown && state.entries !== last.entries) showChanges(state.entries, last.entries, state.me?.id)
      if (state.entries !== last.entries || !shown) showNews(state)
      if (state.storageWorks !== last.storageWorks) note(state.storageWorks ? words.storageWorks : words.storageBroken)
    }
    if (state.connection === 'waiting' && !away) {
      away = true
      note(words.lost(Math.max(1, Math.round(((state.retryAt ?? 0) - Date.now()) / 1000))))
    }
    if (state.connection === 'closed' && state.problem) {
      if (state.problem.code === 'session_ended') kept.forgetToken()
      prompt.print(wordsFor(state.problem))
      end(1)
    }
    for (const message of state.pending) if (message.state === 'failed') showFailed(message)
    if (ending && (state.pending.length === 0 || state.connection !== 'open')) leave()
  }

  async function older(): Promise<void> {
    const next = () => client.state().entries.filter((entry) => entry.seq < oldest)
    if (next().length === 0) await client.loadOlder()
    const page = next().slice(-firstEntries)
    if (page.length === 0) {
      note(words.noOlder)
      return
    }
    note(`-- ${words.older} --`)
    showEntries(page, client.state().me?.id)
    note(`-- ${words.now} --`)
  }

  function say(draft: Draft): void {
    client.send(draft)
    if (client.state().connection !== 'open') note(`${harmless(draft.text)} (${words.waiting})`)
  }

  const commands: RoomCommands = {
    client,
    words,
    colour,
    print: prompt.print,
    note,
    say,
    fileServer() {
      if (token === undefined) return undefined
      const server = url.replace(/^ws/, 'http').replace(/\/socket$/, '')
      return { server, room: client.state().room, token, fetcher: fetcherFor(trusted) }
    },
  }

  async function obey(line: string): Promise<void> {
    const wish = readLine(line)
    switch (wish.kind) {
      case 'nothing':
        return
      case 'quit':
        return leaveLater()
      case 'help':
        return prompt.print(words.help)
      case 'who':
        return who(client.state())
      case 'older':
        return older()
      case 'name':
        return wish.name === '' ? prompt.print(words.nameMissing) : client.rename(wish.name)
      case 'unknown':
        return prompt.print(words.unknownCommand(wish.command))
      case 'say':
        return say({ text: wish.text })
      case 'reply':
        return reply(commands, wish)
      case 'edit':
        return edit(commands, wish)
      case 'delete':
        return remove(commands, wish)
      case 'pin':
      case 'unpin':
        return pin(commands, wish)
      case 'pins':
        return pins(commands)
      case 'poll':
        return askAll(commands, wish)
      case 'vote':
        return vote(commands, wish)
      case 'me':
        return act(commands, wish)
      case 'msg':
        return tell(commands, wish)
      case 'search':
        return search(commands, wish)
      case 'send':
        return send(commands, wish)
      case 'save':
        return save(commands, wish)
    }
  }

  function end(code: number): void {
    if (ended) return
    ended = true
    stop()
    client.close()
    done(code)
  }

  function leave(): void {
    if (ended) return
    // They are in the outbox.
    const unsent = client.state().pending.length
    if (unsent > 0) note(words.kept(unsent))
    note(words.goodbye)
    end(unsent > 0 ? 1 : 0)
  }

  /** What was said is sent before leaving, as long as there is somebody to send it to. */
  function leaveLater(): void {
    ending = true
    const { connection, pending } = client.state()
    if (connection !== 'open' || pending.length === 0) leave()
  }

  function listen(): void {
    prompt.start({
      onLine: (line) => {
        if (ending || ended) return
        obey(line).catch((error) => {
          prompt.print(reasonOf(error))
        })
      },
      onEnd: leaveLater,
      onInterrupt: leave,
    })
  }

  const stop = client.subscribe(changed)
  process.once('SIGINT', leave)
  process.once('SIGTERM', leave)
  return finished
}
