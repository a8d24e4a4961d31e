import type { CallParticipant } from '@maru/client/call'

export type CallNews =
  | { type: 'joined'; name: string }
  | { type: 'left'; name: string }
  | { type: 'shareBegan'; name: string }
  | { type: 'shareEnded'; name: string }

/** What has happened between two looks at the others, in the order to tell it. */
export function callNews(before: readonly CallParticipant[], now: readonly CallParticipant[]): CallNews[] {
  const others = now.filter((person) => !person.isMe)
  const news: CallNews[] = []
  for (const person of others) {
    const known = before.find(({ identity }) => identity === person.identity)
    if (!known) news.push({ type: 'joined', name: person.name })
    if (person.screen && !known?.screen) news.push({ type: 'shareBegan', name: person.name })
    if (!person.screen && known?.screen) news.push({ type: 'shareEnded', name: person.name })
  }
  for (const person of before) {
    const stays = person.isMe || others.some(({ identity }) => identity === person.identity)
    if (!stays) news.push({ type: 'left', name: person.name })
  }
  return news
}
