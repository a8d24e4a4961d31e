export const landing = {
  eyebrow: (host: string) => `Maru on ${host}`,
  title: ['An open hall', 'for everyone'],
  lede: 'Text, voice and faces. No account, nothing to install, on a machine of your own.',
  name: 'Your name',
  namePlaceholder: 'What others see',
  room: 'Room',
  roomPlaceholder: 'such as family',
  open: 'Open room',
  same: 'The same room name brings you to the same room.',
  roomProblems: {
    room_empty: 'Type a room name first.',
    room_too_long: 'A room name has at most 64 characters.',
    room_bad_characters: 'A room name has letters, digits, "-", "_" and "." only.',
  } as Record<string, string>,
  nameProblems: {
    name_too_long: 'A name has at most 40 characters.',
    name_empty: 'Nothing of this name can be seen.',
  } as Record<string, string>,
  recent: 'Recent rooms',
  yesterday: 'Yesterday',
  quiet: 'Nothing has been said yet',
  said: (name: string, text: string) => `${name}: ${text}`,
  forget: (room: string) => `Take ${room} off this list`,
  facts: [
    { title: 'The conversation stays', text: 'Whoever comes later reads what was said before.' },
    { title: 'Voice and faces', text: 'In the browser, on computers and phones.' },
    { title: 'In your house', text: 'One program on one machine. Nothing goes to anybody else.' },
  ],
  phone: 'Open on a phone',
  phoneText: 'Read this with its camera, on the same network.',
  phoneCode: 'Code with the address of this page',
  factsTitle: 'What this is',
}

export type LandingWords = typeof landing
