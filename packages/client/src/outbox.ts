import type { PendingMessage } from './room-state.ts'

/** A message that waits, as it is kept; `problem` where the server has refused it. */
export type KeptMessage = Omit<PendingMessage, 'state'>

/**
 * Where messages wait that the server has not acknowledged, so that closing the page or the program loses none. One outbox serves one room and
 * one member. The server stores what it gets twice once, so keeping a message too long does no harm; losing one does.
 */
export interface Outbox {
  /** In the order in which they were written. */
  load(): Promise<KeptMessage[]>
  /** Adds a message, or changes it in its place. */
  put(message: KeptMessage): Promise<void>
  remove(clientId: string): Promise<void>
}

/** Keeps an outbox in step with the messages of a state. Writing never holds up a message; a failure is told and forgotten. */
export function followOutbox(
  outbox: Outbox,
  failed: (error: unknown) => void,
): (pending: readonly PendingMessage[]) => void {
  let kept: readonly PendingMessage[] = []
  return (pending) => {
    if (pending === kept) return
    const before = new Map(kept.map((message) => [message.clientId, message]))
    kept = pending
    for (const message of pending) {
      const same = before.get(message.clientId)
      before.delete(message.clientId)
      if (same === message) continue
      const { state: _state, ...rest } = message
      outbox.put(rest).catch(failed)
    }
    for (const clientId of before.keys()) outbox.remove(clientId).catch(failed)
  }
}
