import type { RoomClient } from '@maru/client'

/** How long the room may take to come back before the call says that the server does not answer. */
const PATIENCE_MS = 15_000

/**
 * A ticket for the call. Where the room is away, it is asked back first: "continue here" in the call means the room too.
 * Rejects with the room's problem when it stays away.
 */
export async function fetchTicket(client: RoomClient): Promise<{ url: string; token: string }> {
  if (client.state().connection === 'closed') client.reconnect()
  await opened(client)
  return client.joinCall()
}

function opened(client: RoomClient): Promise<void> {
  if (client.state().connection === 'open') return Promise.resolve()
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      stop()
    }
    const timer = setTimeout(() => {
      end()
      reject(new Error('the room does not come back'))
    }, PATIENCE_MS)
    const stop = client.subscribe(({ connection, problem }) => {
      if (connection === 'open') {
        end()
        resolve()
      } else if (connection === 'closed') {
        end()
        reject(Object.assign(new Error(problem?.message ?? 'the room is closed'), { code: problem?.code }))
      }
    })
  })
}
