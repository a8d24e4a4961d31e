/** What a bot may do. Whoever is no bot may do everything that the rules of rooms allow. */
import { AppError, type Asked, type Right } from '@maru/protocol'
import type { BotLimits } from '../storage/sessions.ts'

/** `own`: about the membership itself, which no bot has a say in. `any`: needs no right. */
export type Needed = Right | 'own' | 'any'

export const neededFor: Record<Asked['type'], Needed> = {
  send: 'write',
  edit: 'write',
  delete: 'write',
  react: 'write',
  vote: 'write',
  closePoll: 'write',
  pin: 'manage',
  history: 'read',
  thread: 'read',
  lookUp: 'read',
  search: 'read',
  markRead: 'read',
  members: 'read',
  rename: 'write',
  setTopic: 'manage',
  setRetention: 'manage',
  makeOwner: 'manage',
  sessions: 'own',
  endSession: 'own',
  transfer: 'own',
  forgetMe: 'own',
  joinCall: 'call',
  ping: 'any',
}

/** @throws right_missing */
export function checkRight(bot: BotLimits | undefined, needed: Needed): void {
  if (!bot || needed === 'any') return
  if (needed === 'own')
    throw new AppError('right_missing', 'No bot may do this: only people have devices of their own.')
  if (!bot.rights.includes(needed))
    throw new AppError('right_missing', `The token of this bot does not have the right "${needed}".`)
}
