import { forgetRoom } from '../../lib/recent-rooms.ts'
import { remember, remembered } from '../../lib/remembered.ts'

/** Rooms taken off the list, each with the last number that was said there then. */
export function hiddenRooms(): Readonly<Record<string, number>> {
  try {
    const read: unknown = JSON.parse(remembered('hidden') ?? '{}')
    if (typeof read !== 'object' || read === null) return {}
    return Object.fromEntries(Object.entries(read).filter(([, seq]) => typeof seq === 'number'))
  } catch {
    return {}
  }
}

export function hideRoom({ room, seq }: { room: string; seq: number }): Readonly<Record<string, number>> {
  forgetRoom(room)
  const hidden = { ...hiddenRooms(), [room]: seq }
  remember('hidden', JSON.stringify(hidden))
  return hidden
}
