import type { KeptMessage, Outbox } from '@maru/client'

type Row = KeptMessage & { room: string; order: number }

const NAME = 'maru-outbox'
const STORE = 'messages'
let opened: Promise<IDBDatabase> | undefined
let lastOrder = 0

/** What waits to be sent to a room, kept in this browser: closing the tab loses none of it. */
export function keptOutbox(room: string): Outbox {
  return {
    async load() {
      const rows = (await settled((await store('readonly')).getAll())) as Row[]
      return rows
        .filter((row) => row.room === room)
        .toSorted((a, b) => a.order - b.order)
        .map(({ room: _room, order: _order, ...message }) => message)
    },
    async put(message) {
      lastOrder = Math.max(lastOrder + 1, Date.now())
      const order = lastOrder
      const messages = await store('readwrite')
      // In its place, if it is there already.
      const before = (await settled(messages.get(message.clientId))) as Row | undefined
      await settled(messages.put({ ...message, room, order: before?.order ?? order } satisfies Row))
    },
    async remove(clientId) {
      await settled((await store('readwrite')).delete(clientId))
    },
  }
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  opened ??= open()
  const database = await opened
  return database.transaction(STORE, mode, { durability: 'strict' }).objectStore(STORE)
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'clientId' })
    request.onsuccess = () => {
      // Another page of this browser wants it gone.
      request.result.onversionchange = () => {
        request.result.close()
        opened = undefined
      }
      resolve(request.result)
    }
    request.onerror = () => reject(request.error)
  })
}

/** Takes the whole outbox out of this browser, for all rooms. */
export async function forgetOutbox(): Promise<void> {
  const database = await opened?.catch(() => undefined)
  database?.close()
  opened = undefined
  await new Promise<void>((resolve) => {
    const request = indexedDB.deleteDatabase(NAME)
    request.onsuccess = () => resolve()
    request.onerror = () => resolve()
  })
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
