/** What happened and what to do, one sentence each where that is enough. */
const screens = {
  replaced: {
    title: 'This room is open somewhere else',
    text: 'You opened it in another window or on another device. A room talks to one of them at a time.',
  },
  server_gone: {
    title: 'The server does not answer',
    text: 'Check your network. If you run the server, see whether it is still on. This page keeps trying.',
  },
  room_name: {
    title: 'There is no such room',
    text: 'A room name has letters, digits, "-", "_" and ".", at most 64 of them. Choose another one on the start page.',
  },
  name: {
    title: 'This name does not work',
    text: 'A name needs at least one visible character and has at most 40.',
  },
  room_full: {
    title: 'The room is full',
    text: 'Try again when someone has left.',
  },
  unsupported_version: {
    title: 'The server was renewed',
    text: 'This page is older than the server. Load it again; nothing you sent is lost.',
  },
  foreign_origin: {
    title: 'This address is not the server’s own',
    text: 'The server only talks to pages it served itself. Open the address it printed when it started.',
  },
  storage_unavailable: {
    title: 'The server cannot write',
    text: 'Its disk is full or cannot be written to, so nothing could be kept. Tell whoever runs it.',
  },
  transfer_bad: {
    title: 'This code does not work any more',
    text: 'It is good once, for five minutes. Have your other device show a new one, or go on without.',
  },
  session_ended: {
    title: 'You were signed out here',
    text: 'This session was ended on another device of yours. You can come in as somebody new, or take your membership along from there again.',
  },
  page_broken: {
    title: 'This page stumbled',
    text: 'Something in it failed, or a part of it could not be fetched. Load it again; what was sent is kept.',
  },
  other: {
    title: 'That did not work',
    text: 'The server ran into something unexpected. Try again; if it stays, tell whoever runs it.',
  },
}

/** Behind "Not sent." */
const short: Record<string, string> = {
  text_too_long: 'The message is too long.',
  text_empty: 'Nothing of it can be seen.',
  too_fast: 'Too many at once; wait a moment.',
  storage_unavailable: 'The server cannot write to its disk.',
  disconnected: 'The connection was lost.',
  internal: 'The server ran into something unexpected.',
  message_gone: 'That message is gone.',
  not_yours: 'Only who wrote it may.',
  owner_only: 'Only an owner of the room may.',
  member_unknown: 'They are no longer in this room.',
  topic_too_long: 'The topic is too long.',
  poll_closed: 'The poll is closed.',
  too_many_reactions: 'No other emoji fits there.',
  too_many_pins: 'No more pins fit.',
  file_gone: 'The file is gone.',
}

export const problems = {
  screens,
  short,
  retry: 'Try again',
  reload: 'Load the page again',
  continueHere: 'Continue here',
  asNew: 'Come in as somebody new',
  otherName: 'Use this name',
  name: 'Your name',
  home: 'To the start page',
  connection: 'Connection',
  waiting: (seconds: number) => `No connection. Next try in ${seconds} s`,
  waitingNow: 'No connection. Trying again…',
  lost: 'The connection was lost. It comes back by itself; what you write is sent then.',
  back: 'Connected again.',
  tryNow: 'Try now',
  insecure: 'Not secure',
  insecureText:
    'This address is not encrypted: browsers give it no microphone and no camera. Reading, writing, watching and listening work.',
  insecureGo: 'Open the secure address',
  insecureWarning: 'The browser warns once, because this server made its own certificate.',
  details: 'What the server said',
}

export type ProblemsWords = typeof problems
