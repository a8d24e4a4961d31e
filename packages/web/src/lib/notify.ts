import { remember, remembered } from './remembered.ts'
import { createStore, useStore } from './store.ts'

/** Of what in a room somebody wants to hear while not looking: every message, being called and private messages, or nothing. */
export type Notify = 'all' | 'mentions' | 'none'

export const notifyChoices: readonly Notify[] = ['all', 'mentions', 'none']
const usual: Notify = 'mentions'

export function readNotify(text: string | undefined): Readonly<Record<string, Notify>> {
  try {
    const read: unknown = JSON.parse(text ?? '{}')
    if (typeof read !== 'object' || read === null) return {}
    return Object.fromEntries(Object.entries(read).filter(([, choice]) => notifyChoices.includes(choice as Notify)))
  } catch {
    return {}
  }
}

const rooms = createStore(readNotify(remembered('notify')))

export function useNotify(room: string): Notify {
  return useStore(rooms, (choices) => notifyIn(choices, room))
}

/** A room may be called as something that every object has. */
export function notifyIn(choices: Readonly<Record<string, Notify>>, room: string): Notify {
  return (Object.hasOwn(choices, room) && choices[room]) || usual
}

export function chooseNotify(room: string, choice: Notify): void {
  const { [room]: _before, ...others } = rooms.state()
  const next = choice === usual ? others : { ...others, [room]: choice }
  rooms.set(next)
  remember('notify', Object.keys(next).length > 0 ? JSON.stringify(next) : undefined)
}
