import { AppError } from '@maru/protocol'
import type { StoredTables } from '../storage/open-storage.ts'

/** @throws owner_only */
export function checkOwner({ memberships }: StoredTables, roomId: number, member: string): void {
  if (!memberships.find(roomId, member)?.member.owner) throw new AppError('owner_only')
}
