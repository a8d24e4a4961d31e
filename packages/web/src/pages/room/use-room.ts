import { initialState, openRoom, type RoomClient } from '@maru/client'
import { useEffect, useRef, useState } from 'react'
import { deviceName } from '../../lib/device-name.ts'
import { keptOutbox } from '../../lib/kept-outbox.ts'
import { remember, remembered } from '../../lib/remembered.ts'
import { socketAddress } from '../../lib/room-socket.ts'

/**
 * The room's client while there is a name to enter with. `visit` counts entries: a new number leaves and comes in
 * again. A change of name alone does not.
 */
export function useRoom(room: string, name: string, visit: number): RoomClient | undefined {
  const [client, setClient] = useState<RoomClient>()
  // Only whether there is a name counts here: a later change is a rename, not a new entrance.
  const mayEnter = name !== ''
  const asked = useRef(name)
  asked.current = name
  useEffect(() => {
    if (!mayEnter || visit < 0) return
    const token = remembered('token')
    const opened = openRoom({
      url: socketAddress(location),
      room,
      name: asked.current,
      ...(token && { token }),
      device: deviceName(navigator.userAgent),
      // A browser that keeps nothing sends all the same; then a message waits only as long as its page is open.
      outbox: keptOutbox(room),
      onToken: (fresh) => remember('token', fresh),
    })
    setClient(opened)
    // A laptop that wakes up need not wait for the next attempt.
    const online = () => opened.state().connection === 'waiting' && opened.reconnect()
    addEventListener('online', online)
    return () => {
      removeEventListener('online', online)
      opened.close()
      setClient(undefined)
    }
  }, [room, mayEnter, visit])
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
