const list = new Intl.ListFormat('en', { type: 'conjunction' })

/** Longer lists of names are cut: the rest is a number. */
function names(all: readonly string[]): string {
  const shown = all.slice(0, 4)
  return list.format(all.length > 5 ? [...shown, `${all.length - 4} others`] : all)
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
  /** For those who hear the page: one announcement a message. */
  says: (name: string, text: string) => `${name}: ${text}`,
  sending: 'Sending…',
  notSent: 'Not sent.',
  retry: 'Try again',
  discard: 'Discard',
  write: 'Message to everyone',
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
