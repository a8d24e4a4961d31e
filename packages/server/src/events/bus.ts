/**
 * What has happened, told to everybody in this process who wants to know. Publishing is synchronous and in order; a listener must not wait.
 * Knows no rooms' rules and no sockets.
 */
import type { CallPerson, Member, Unread } from '@maru/protocol'
import type { Logged } from '../storage/entries.ts'

/** `room` is the room's name. */
export type ServerEvent =
  | ({ type: 'entryAdded'; room: string } & Logged)
  | { type: 'memberHere'; room: string; member: Member }
  | { type: 'memberGone'; room: string; member: string }
  /** Beside `memberHere`, which tells the room: whoever else shows the member's name may follow. */
  | { type: 'memberRenamed'; room: string; member: string; name: string }
  | { type: 'callChanged'; room: string; people: CallPerson[] }
  /** `to`: the only one who is told. */
  | { type: 'memberTyping'; room: string; member: string; to?: string }
  | { type: 'memberRead'; room: string; member: string; seq: number; unread: Unread }
  /** In every room. */
  | { type: 'memberForgotten'; member: string }
  /** A webhook was made or taken away. */
  | { type: 'hooksChanged' }
  /** There may be bytes that nobody needs. */
  | { type: 'fileGivenUp' }
  /** Whether anything can be stored now. */
  | { type: 'storageChanged'; works: boolean }
  /** Every connection of it has to go, in whatever room. */
  | { type: 'sessionEnded'; session: string }

export interface Bus {
  publish(event: ServerEvent): void
  /** Gives the way to stop listening. */
  subscribe(listener: (event: ServerEvent) => void): () => void
}

/** A listener that throws keeps nothing from the others; its error goes to `failed`. */
export function createBus(failed: (error: unknown) => void = throwLater): Bus {
  const listeners = new Set<(event: ServerEvent) => void>()
  return {
    publish(event) {
      for (const listener of listeners) {
        try {
          listener(event)
        } catch (error) {
          failed(error)
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
