import { AppError, type FileInfo } from '@maru/protocol'
import type { Storage } from '../storage/open-storage.ts'

/** Most uploads of one address that belong to no message yet, and the part of all room for files that they may take: a class that sends at once. */
const MAX_UNSENT = 500
const MAX_UNSENT_PART = 0.25
/** Addresses that are remembered; one forgotten begins anew. */
const MAX_ADDRESSES = 10_000

/** What was announced from each address, beside what each member may announce: members are easily made. */
export interface UnsentUploads {
  /**
   * Makes room for a file by `start`. An address that is not known is not limited: it is this machine, and whatever stands before it.
   * @throws too_fast, and what `start` throws
   */
  announce(address: string | undefined, bytes: number, start: () => Promise<FileInfo>): Promise<FileInfo>
}

interface Announced {
  bytes: number
  /** There as soon as it is stored. */
  id?: string
}

export function limitUnsentUploads(
  { read }: Pick<Storage, 'read'>,
  { fileBytes, totalBytes }: { fileBytes: number; totalBytes: number },
): UnsentUploads {
  const byAddress = new Map<string, Set<Announced>>()
  const maxBytes = Math.max(fileBytes, totalBytes * MAX_UNSENT_PART)

  /** What was sent or given up counts no more. */
  function unsentOf(address: string): Set<Announced> {
    const own = byAddress.get(address) ?? new Set()
    for (const each of own) {
      const file = each.id === undefined ? undefined : read.files.find(each.id)
      if (each.id !== undefined && (!file || file.seq !== undefined)) own.delete(each)
    }
    byAddress.delete(address)
    byAddress.set(address, own)
    const [oldest] = byAddress.keys()
    if (byAddress.size > MAX_ADDRESSES && oldest !== undefined) byAddress.delete(oldest)
    return own
  }

  return {
    async announce(address, bytes, start) {
      if (address === undefined) return await start()
      const own = unsentOf(address)
      const taken = Array.from(own).reduce((sum, each) => sum + each.bytes, 0)
      if (own.size >= MAX_UNSENT || taken + bytes > maxBytes)
        throw new AppError(
          'too_fast',
          'Too many files from your address wait to be sent: send or cancel some of them first.',
        )
      const announced: Announced = { bytes }
      own.add(announced)
      try {
        const info = await start()
        announced.id = info.id
        return info
      } catch (error) {
        own.delete(announced)
        throw error
      }
    },
  }
}
