import type { Retention } from '@maru/protocol'

const list = new Intl.ListFormat('en-GB', { type: 'conjunction' })

/** Longer lists of names are cut: the rest is a number. */
function names(all: readonly string[]): string {
  const shown = all.slice(0, 4)
  return list.format(all.length > 5 ? [...shown, `${all.length - 4} others`] : all)
}

function kept(retention: Retention): string {
  switch (retention.keep) {
    case 'all':
      return 'Everything is kept.'
    case 'joined':
      return 'Everybody sees what was said since they first came.'
    case 'days':
      return retention.days === 1 ? 'Messages are kept for one day.' : `Messages are kept for ${retention.days} days.`
    case 'none':
      return 'Nothing is kept.'
  }
}

export const chat = {
  title: 'Chat',
  close: 'Close the chat',
  log: 'Messages',
  today: 'Today',
  yesterday: 'Yesterday',
  newMessages: 'New messages',
  joined: (who: readonly string[]) => `${names(who)} joined`,
  left: (who: readonly string[]) => `${names(who)} left`,
  renamed: (before: string, name: string) => `${before} is now called ${name}`,
  topicSet: (name: string, topic: string) =>
    topic ? `${name} set the topic: ${topic}` : `${name} took the topic away`,
  retentionSet: (name: string, retention: Retention) => `${name} changed what is kept. ${kept(retention)}`,
  ownerMade: (name: string, target: string) => `${name} made ${target} an owner too`,
  pinned: (name: string) => `${name} pinned a message`,
  unpinned: (name: string) => `${name} took a pin off`,
  kept,
  edited: 'edited',
  deleted: 'This message was deleted.',
  goneQuote: 'The message is gone.',
  formerMember: 'Former member',
  toMe: (name: string) => `Only for you, from ${name}`,
  toOne: (name: string) => `Only for ${name}`,
  quoteOf: (name: string) => `Answer to ${name}. Go to that message`,
  answers: (count: number) => (count === 1 ? '1 answer' : `${count} answers`),
  reaction: (emoji: string, who: readonly string[]) => `${emoji} ${names(who)}`,
  reactionsOf: 'Reactions',
  pins: (count: number) => (count === 1 ? '1 pinned message' : `${count} pinned messages`),
  goToDay: 'Go to a day',
  search: 'Search this room',
  attach: 'Add files',
  dropHere: 'Let go to add them to your message',
  seenBy: (who: readonly string[]) => `Seen by ${names(who)}`,
  typing: (who: readonly string[]) => `${names(who)} ${who.length === 1 ? 'is' : 'are'} typing…`,
  replying: (name: string) => `Answer to ${name}`,
  editing: 'Editing your message',
  writingTo: (name: string) => `Only ${name} can read this`,
  cancel: 'Cancel',
  saveEdit: 'Save the change',
  /** For those who hear the page: one announcement a message. */
  says: (name: string, text: string) => `${name}: ${text}`,
  sending: 'Sending…',
  notDone: 'That did not work.',
  retry: 'Try again',
  write: 'Message to everyone',
  writeAnswer: 'Answer in this thread',
  send: 'Send',
  tooLong: (over: number) => `${over} characters too many`,
  remaining: (count: number) => `${count} characters left`,
  latest: 'Latest messages',
  newBelow: (count: number) => (count === 1 ? '1 new message' : `${count} new messages`),
  loadingOlder: 'Loading earlier messages…',

  olderFailed: 'Earlier messages could not be loaded.',
  beginning: 'This is where the conversation begins.',
  empty: 'Nothing has been said yet.',
  emptyHint: 'Say hello. What is written stays here for whoever comes later.',
  loading: 'Opening the conversation…',
}

export type ChatWords = typeof chat
