// What behaviours of clients outside browsers have in common: tokens, patience, and an outcome for each.
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { AccessToken, RoomServiceClient, type VideoGrant } from 'livekit-server-sdk'
import type { Report } from './report.ts'
import type { Server } from './servers.ts'

export interface Trial {
  readonly server: Server
  /** As a client is given it: ws://host:port */
  readonly url: string
  /** Nobody else uses it. */
  readonly room: string
  readonly service: RoomServiceClient
  token(identity: string, grant?: VideoGrant): Promise<string>
}

/** A room of its own for one behaviour. */
export function trialOf(server: Server): Trial {
  const { apiKey, apiSecret } = server.keys
  const room = `c-${randomUUID().slice(0, 8)}`
  return {
    server,
    url: server.url.replace('http', 'ws'),
    room,
    service: new RoomServiceClient(server.url, apiKey, apiSecret),
    token(identity, grant) {
      const token = new AccessToken(apiKey, apiSecret, { identity, name: identity.toUpperCase(), ttl: 600 })
      token.addGrant({ roomJoin: true, room, ...grant })
      return token.toJwt()
    },
  }
}

const LIMIT_MS = 180_000

/** What went wrong in some work, or nothing. A client's failure that nobody awaits counts as well, and none of them ends the whole run. */
async function problemOf(work: () => Promise<void>): Promise<string | undefined> {
  const strays: unknown[] = []
  const stray = (error: unknown) => strays.push(error)
  process.on('unhandledRejection', stray).on('uncaughtException', stray)
  const limit = new AbortController()
  const tooLong = wait(LIMIT_MS, 'took too long', { signal: limit.signal }).catch(() => undefined)
  try {
    const problem = await Promise.race([work().then(() => undefined), tooLong])
    // What was rejected last is told after the jobs that wait.
    await wait(0)
    return problem ?? (strays.length > 0 ? `nobody awaited: ${String(strays[0])}` : undefined)
  } catch (error) {
    return String(error instanceof Error ? error.message || error.name : error)
  } finally {
    limit.abort()
    process.off('unhandledRejection', stray).off('uncaughtException', stray)
  }
}

/** Runs behaviours one after the other, each in a room of its own. */
export async function tryAll(
  client: string,
  server: Server,
  behaviours: Record<string, (trial: Trial) => Promise<void>>,
  report: Report,
): Promise<void> {
  for (const [behaviour, run] of Object.entries(behaviours)) {
    const from = performance.now()
    const problem = await problemOf(() => run(trialOf(server)))
    report.add({
      client,
      server: server.name,
      behaviour,
      passed: problem === undefined,
      milliseconds: Math.round(performance.now() - from),
      ...(problem !== undefined && { problem }),
    })
  }
  report.sum(client)
}
