import { secureAddress } from './secure-address.ts'

/** The way into the room of this page. Whoever is invited wants to be seen and heard, which takes the secure address. */
export const inviteAddress = (): string => secureAddress(window) ?? `${location.origin}${location.pathname}`
