import { initialState, openRoom, type RoomClient } from '@maru/client'
import { type RefObject, useLayoutEffect, useRef, useState } from 'react'
import { deviceName } from '../../lib/device-name.ts'
import { keptOutbox } from '../../lib/kept-outbox.ts'
import { remember, remembered } from '../../lib/remembered.ts'
import { socketAddress } from '../../lib/room-socket.ts'
import type { Transfer } from '../../lib/transfer.ts'

/**
 * The room's client while there is a name to enter with. `visit` counts entries: a new number leaves and comes in
 * again. A change of name alone does not. A transfer makes this browser another member with the next visit, once.
 */
export function useRoom(
  room: string,
  name: string,
  visit: number,
  transfer: RefObject<Transfer | undefined>,
): RoomClient | undefined {
  const [client, setClient] = useState<RoomClient>()
  // Only whether there is a name counts here: a later change is a rename, not a new entrance.
  const mayEnter = name !== ''
  const asked = useRef(name)
  asked.current = name
  // Before anything is seen, or who comes with a name would see for a moment the page of those without one.
  useLayoutEffect(() => {
    if (!mayEnter || visit < 0) return
    const code = transfer.current?.code
    transfer.current = undefined
    const token = code === undefined ? remembered('token') : undefined
    const opened = openRoom({
      url: socketAddress(location),
      room,
      name: asked.current,
      ...(token && { token }),
      ...(code !== undefined && { transfer: code }),
      device: deviceName(navigator.userAgent),
      // A browser that keeps nothing sends all the same; then a message waits only as long as its page is open.
      outbox: keptOutbox(room),
      onToken: (fresh) => remember('token', fresh),
    })
    setClient(opened)
    const stop = opened.subscribe(({ problem }) => {
      // The token is worth nothing any more: the next visit is somebody new.
      if (problem?.code === 'session_ended') remember('token', undefined)
    })
    // A laptop that wakes up need not wait for the next attempt.
    const online = () => opened.state().connection === 'waiting' && opened.reconnect()
    addEventListener('online', online)
    return () => {
      stop()
      removeEventListener('online', online)
      opened.close()
      setClient(undefined)
    }
  }, [room, mayEnter, visit, transfer])
  return client
}

/** Stands in for a room that is not open yet, so that whatever reads a room can read always. */
export function closedRoom(room: string): RoomClient {
  const state = initialState(room, '')
  const refuse = () => Promise.reject(new Error('The room is not open.'))
  return {
    state: () => state,
    subscribe: () => () => undefined,
    send: () => undefined,
    retry: () => undefined,
    discard: () => undefined,
    ask: refuse,
    loadOlder: refuse,
    loadNewer: refuse,
    jump: refuse,
    returnToNewest: () => undefined,
    trim: () => undefined,
    loadThread: refuse,
    loadOlderAnswers: refuse,
    closeThread: () => undefined,
    markRead: () => undefined,
    typing: () => undefined,
    rename: refuse,
    joinCall: refuse,
    reconnect: () => undefined,
    close: () => undefined,
  }
}
