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
  | 'tone'
  | 'notify'
  | 'hidden'

export function remembered(key: RememberedKey): string | undefined {
  try {
    return localStorage.getItem(`maru.${key}`) ?? undefined
  } catch {
    return undefined
  }
}

let isForgotten = false

/** Everything goes, and nothing more is kept as long as this page lives. */
export function forgetRemembered(): void {
  isForgotten = true
  try {
    localStorage.clear()
    sessionStorage.clear()
  } catch {
    // Nothing was kept.
  }
}

export function remember(key: RememberedKey, value: string | undefined): void {
  if (isForgotten) return
  try {
    if (value === undefined) localStorage.removeItem(`maru.${key}`)
    else localStorage.setItem(`maru.${key}`, value)
  } catch {
    // Kept for this page only.
  }
}
