export const people = {
  title: 'People',
  close: 'Close the list of people',
  count: (count: number) => `${count} here`,
  inCall: 'In the call',
  here: 'In the room',
  you: 'you',
  rename: 'Change your name',
  invite: 'Invite',
  inviteTitle: 'Invite to this room',
  inviteText: 'Whoever opens this address is in the room. On the same network a phone can read the code.',
  inviteAlone: 'Nobody else is here yet. Send the link to whoever should come.',
  inviteHere: 'This address works on this machine alone. The terminal where Maru was started shows one for others.',
  qr: 'Code with the address of this room',
  link: 'Address',
}

export type PeopleWords = typeof people
