import type { Draft, Question, RoomClient } from '@maru/client'
import type { Asked, Line, Member, Message } from '@maru/protocol'
import { createStore, type Store } from '../../lib/store.ts'
import type { Attachments } from './attachments.ts'

/** What the message field is for at the moment. */
export type Intent =
  | { kind: 'write'; to?: Member }
  | { kind: 'reply'; message: Message }
  /** `text`: what the edit had come to when it was refused. */
  | { kind: 'edit'; message: Message; text?: string }

export type Dialog = 'help' | 'poll' | 'search' | 'pins' | 'date'

interface Settable<Value> extends Store<Value> {
  set(next: Value): void
}

/** What of a conversation belongs to one open chat, and not to its room: what is being written, asked and pointed at. */
export interface Desk {
  readonly client: RoomClient
  readonly intent: Settable<Intent>
  /** The message whose deletion is asked about. */
  readonly deleting: Settable<Message | undefined>
  /** The message of which it is shown who reacted. */
  readonly reacted: Settable<Message | undefined>
  /** What stands in front of the conversation. */
  readonly dialog: Settable<Dialog | undefined>
  /** What was typed for it already. */
  readonly begun: Settable<string>
  /** The message to be brought into view; another object each time, so that the same one can be asked for again. */
  readonly target: Settable<{ seq: number } | undefined>
  /** The first message of the thread that is looked at instead of the log. */
  readonly thread: Settable<number | undefined>
  openThread(message: Message): void
  /** Back to the log, where the thread begins. */
  closeThread(): void
  /** The files beside the message field, from the first one on. */
  readonly attachments: Settable<Attachments | undefined>
  /** Puts files beside the message field. */
  attach(files: readonly File[]): Promise<boolean>
  /** Sends what was written to where the field leads: as an answer, into the thread, to one person alone. */
  send(draft: Draft): void
  /** Asks the server; a refusal is told to the user, and then the answer is `false`. */
  ask<Type extends Asked['type']>(question: Question<Type>): Promise<boolean>
  /** Brings a message into view, wherever in the log it is. */
  jump(seq: number): Promise<void>
  /** Brings into view what was said first from a time on, in ms since the epoch. */
  goTo(at: number): Promise<void>
}

export function createDesk(client: RoomClient, refused: (error: unknown) => void): Desk {
  const target = createStore<{ seq: number } | undefined>(undefined)
  const tell = (error: unknown) => {
    refused(error)
    return false
  }
  const attachments = createStore<Attachments | undefined>(undefined)
  const thread = createStore<number | undefined>(undefined)
  const intent = createStore<Intent>({ kind: 'write' })
  /** Nothing is answered or edited any more. Who did neither is not taken into the field by it. */
  const drop = () => {
    const now = intent.state()
    if (now.kind !== 'write' || now.to) intent.set({ kind: 'write' })
  }
  const jump = (seq: number) =>
    client.jump({ seq }).then(
      () => target.set({ seq }),
      (error) => void tell(error),
    )
  return {
    client,
    attachments,
    async attach(files) {
      const { createAttachments } = await import('./attachments.ts')
      const there = attachments.state() ?? createAttachments(() => client.state().room)
      attachments.set(there)
      return there.add(files)
    },
    intent,
    thread,
    openThread(message) {
      drop()
      // Where the log was led to before is not where it will be left for.
      target.set(undefined)
      thread.set(message.root ?? message.seq)
    },
    closeThread() {
      const root = thread.state()
      drop()
      thread.set(undefined)
      if (root !== undefined) void jump(root)
    },
    deleting: createStore<Message | undefined>(undefined),
    reacted: createStore<Message | undefined>(undefined),
    dialog: createStore<Dialog | undefined>(undefined),
    begun: createStore(''),
    target,
    send(draft) {
      const now = intent.state()
      const answered = now.kind === 'reply' ? now.message.seq : thread.state()
      const { me, thread: shown } = client.state()
      const inThread =
        shown?.root === thread.state() ? shown?.entries.find(({ kind }) => kind === 'message') : undefined
      const to =
        now.kind === 'write' && now.to ? now.to : partner(now.kind === 'reply' ? now.message : inThread, me?.id)
      client.send({
        ...draft,
        ...(answered !== undefined && { replyTo: answered }),
        ...(to && { to }),
      })
      if (now.kind === 'reply') intent.set({ kind: 'write' })
      if (thread.state() === undefined && client.state().past) client.returnToNewest()
    },
    ask: (question) => client.ask(question).then(() => true, tell),
    goTo: (at) =>
      client.jump({ at }).then(
        () => {
          const { past, entries } = client.state()
          const said = (past?.entries ?? entries).filter(({ kind }) => kind === 'message')
          const found = said.find((line) => line.at >= at) ?? said.at(-1)
          if (found) target.set({ seq: found.seq })
        },
        (error) => void tell(error),
      ),
    jump(seq) {
      thread.set(undefined)
      return jump(seq)
    },
  }
}

/** With whom alone a message is shared. What answers it stays between the two even if it is gone when the answer comes. */
function partner(message: Line | undefined, me: string | undefined): Member | undefined {
  if (message?.kind !== 'message' || !message.to) return undefined
  return message.member === me ? message.to : { id: message.member, name: message.name }
}

/** The own message that the arrow up edits: the newest one that can be edited, of the thread where one is open. */
export function lastEditable({ client, thread }: Pick<Desk, 'client' | 'thread'>): Message | undefined {
  const { entries, me, thread: shown } = client.state()
  const lines = thread.state() === undefined ? entries : (shown?.entries ?? [])
  return lines.findLast(
    (line): line is Message => line.kind === 'message' && line.member === me?.id && isEditable(line),
  )
}

/** Polls stay as they are: people have an opinion on what they say. */
export function isEditable(message: Message): boolean {
  return !message.deleted && !message.poll
}
