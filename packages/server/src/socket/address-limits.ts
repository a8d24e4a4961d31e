import type { IncomingMessage } from 'node:http'
import { networkOf } from '../http/network-of.ts'
import { createTokenBucket } from '../http/token-bucket.ts'

/** A full room of people behind one router fits; who opens more alone is refused. */
const MAX_CONNECTIONS = 600
/** New members of one address: a class that comes at once, and then one every ten seconds. */
const NEWCOMERS = 100
const NEWCOMERS_PER_SECOND = 0.1
/** Addresses whose newcomers are remembered; one forgotten begins anew. */
const MAX_ADDRESSES = 10_000

/** What one address may take, so that nobody fills the server alone. This machine is not limited: a proxy on it brings everybody under its address. */
export interface AddressLimits {
  /** Whether one more connection is refused. */
  isFull(address: string | undefined): boolean
  /** Counts a connection. */
  add(address: string | undefined): void
  /** Counts it no more. */
  remove(address: string | undefined): void
  /** Counts a new member; false where there are too many. */
  takeNewcomer(address: string | undefined): boolean
}

export function createAddressLimits(now: () => number): AddressLimits {
  const connections = new Map<string, number>()
  const newcomers = new Map<string, ReturnType<typeof createTokenBucket>>()

  return {
    isFull: (address) => address !== undefined && (connections.get(address) ?? 0) >= MAX_CONNECTIONS,
    add(address) {
      if (address !== undefined) connections.set(address, (connections.get(address) ?? 0) + 1)
    },
    remove(address) {
      if (address === undefined) return
      const left = (connections.get(address) ?? 0) - 1
      if (left > 0) connections.set(address, left)
      else connections.delete(address)
    },
    takeNewcomer(address) {
      if (address === undefined) return true
      const bucket = newcomers.get(address) ?? createTokenBucket(NEWCOMERS, NEWCOMERS_PER_SECOND, now)
      newcomers.delete(address)
      newcomers.set(address, bucket)
      const [oldest] = newcomers.keys()
      if (newcomers.size > MAX_ADDRESSES && oldest !== undefined) newcomers.delete(oldest)
      return bucket.take()
    },
  }
}

/** Under what somebody is counted; undefined for this machine. */
export const addressOf = ({ socket }: IncomingMessage): string | undefined => networkOf(socket)
