/** The part of a window that decides. */
interface Surroundings {
  isSecureContext: boolean
  location: { protocol: string; host: string; pathname: string; search: string }
}

/**
 * The https address of the page when this one is not secure, which costs microphone, camera and screen. Maru answers
 * both on one port, so it differs in the protocol alone.
 */
export function secureAddress({ isSecureContext, location }: Surroundings): string | undefined {
  if (isSecureContext || location.protocol !== 'http:') return undefined
  return `https://${location.host}${location.pathname}${location.search}`
}

/** Whether an address leads to this machine alone, so that nobody else can be sent there. */
export function isLocal(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}
