import type { IncomingMessage } from 'node:http'
import { addressOf } from './address-limits.ts'
import { socketBase } from './check-origin.ts'

/** What is kept of the request that a connection began with, as long as it stands: the request itself would be a quarter of its memory. */
export interface Caller {
  /** Under which it is counted; undefined for this machine. */
  address: string | undefined
  /** The WebSocket address under which it reached this server, without a path. */
  base: string
}

export const callerOf = (request: IncomingMessage): Caller => ({
  address: addressOf(request),
  base: socketBase(request),
})
