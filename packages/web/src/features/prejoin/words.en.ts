export const prejoin = {
  alreadyHere: (names: string[], more: number) => {
    const list = more > 0 ? [...names, `${more} more`] : names
    const verb = list.length === 1 ? 'is' : 'are'
    return `${new Intl.ListFormat('en-GB').format(list)} ${verb} in the call`
  },
  nobodyHere: 'Nobody is in the call yet.',
  whoCan: 'Whoever has the link can come in.',
  name: 'Your name',
  namePlaceholder: 'What others see',
  nameMissing: 'A name is needed, so that the others know who you are.',
  preview: 'Your picture before you join',
  mic: 'Mic',
  microphone: 'Microphone',
  camera: 'Camera',
  speaker: 'Speaker',
  systemDefault: 'System default',
  unnamed: (kind: string, number: number) => `${kind} ${number}`,
  level: 'Microphone level',
  hint: {
    speak: 'Say something: the bar shows how you sound.',
    heard: 'You come through well.',
    off: 'The microphone is off. You can switch it on at any time.',
    noneYet: 'The microphone has not been heard yet.',
  },
  cameraOff: 'The camera is off',
  asking: 'The browser asks whether it may use the microphone and the camera. Please allow it.',
  join: 'Join',
  watchOnly: 'Just watch and listen',
  chatOnly: 'Chat only, without the call',
  privacy: 'Nobody sees or hears you before you join.',
  tryAgain: 'Try again',
  openSecure: 'Open the secure page',
  /** Each says what happened, what it means and what to do. */
  problems: {
    permission_denied: {
      title: (device: string) => `${device}: blocked by the browser`,
      text: 'Press the icon beside the address, allow the device, then try again. You can also join and only watch and listen.',
    },
    no_device: {
      title: (device: string) => `${device}: none found`,
      text: 'Plug one in and it is used at once. You can also join without it.',
    },
    device_busy: {
      title: (device: string) => `${device}: in use by another program`,
      text: 'Close the other program that uses it, then try again. You can also join without it.',
    },
    device_failed: {
      title: (device: string) => `${device}: did not start`,
      text: 'Choose another one or try again. You can also join without it.',
    },
    insecure_origin: {
      title: () => 'No microphone or camera on this address',
      text: 'Browsers give them only to secure pages. Open the https address (your browser warns once, because this server made its own certificate), or join and only watch and listen.',
    },
  },
  both: 'Microphone and camera',
}

export type PrejoinWords = typeof prejoin
