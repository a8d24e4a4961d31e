export const people = {
  title: 'People',
  close: 'Close the list of people',
  count: (count: number) => `${count} here`,
  inCall: 'In the call',
  here: 'In the room',
  you: 'you',
  rename: 'Change your name',
  renameTitle: 'Your name',
  renameHint: 'Everybody in the room sees the change.',
  name: 'Name',
  renameFailed: 'The name could not be changed. Try again.',
  nameProblems: {
    name_empty: 'Type a name first.',
    name_too_long: 'A name has at most 40 characters.',
  } as Record<string, string>,
  invite: 'Invite',
  inviteTitle: 'Invite to this room',
  inviteText: 'Whoever opens this address is in the room. On the same network a phone can read the code.',
  inviteAlone: 'Nobody else is here yet. Send the link to whoever should come.',
  inviteHere: 'This address works on this machine alone. The terminal where Maru was started shows one for others.',
  qr: 'Code with the address of this room',
  link: 'Address',
}

export type PeopleWords = typeof people
