import type { Storage } from '../storage/open-storage.ts'

/**
 * Makes the room when it is missing. Takes any name a LiveKit token may hold, also one that no page can address.
 * Does not wait for the disk: a room that could not be stored now is made with its first entry.
 */
export function ensureRoom(storage: Storage, name: string): void {
  storage.write((tables) => tables.rooms.ensure(name)).catch(() => {})
}
