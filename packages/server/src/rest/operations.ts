import { backups } from './backups.ts'
import { bots } from './bots.ts'
import { exports } from './exports.ts'
import { files } from './files.ts'
import { hooks } from './hooks.ts'
import { members } from './members.ts'
import { messages } from './messages.ts'
import type { Operation } from './operation.ts'
import { rooms } from './rooms.ts'

/** Everything programs can ask for, in the order of the document. */
export const operations: readonly Operation[] = [
  ...rooms,
  ...messages,
  ...members,
  ...files,
  ...bots,
  ...hooks,
  ...exports,
  ...backups,
]
