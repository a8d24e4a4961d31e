/** What this browser keeps between visits. Storage can be forbidden or full: then nothing is kept and nothing breaks. */
export type RememberedKey =
  | 'name'
  | 'token'
  | 'theme'
  | 'language'
  | 'rooms'
  | 'panel'
  | 'microphone'
  | 'camera'
  | 'emoji'

export function remembered(key: RememberedKey): string | undefined {
  try {
    return localStorage.getItem(`maru.${key}`) ?? undefined
  } catch {
    return undefined
  }
}

export function remember(key: RememberedKey, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`maru.${key}`)
    else localStorage.setItem(`maru.${key}`, value)
  } catch {
    // Kept for this page only.
  }
}
