export type Shortcut = 'microphone' | 'camera' | 'share' | 'chat' | 'people'

const single: Record<string, Shortcut> = {
  KeyM: 'microphone',
  KeyV: 'camera',
  KeyS: 'share',
  KeyC: 'chat',
  KeyP: 'people',
}

const withControl: Record<string, Shortcut> = { KeyD: 'microphone', KeyE: 'camera' }

interface Key {
  code: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
  repeat: boolean
  isComposing: boolean
}

/**
 * What a key means in a call. Keys are known by their place, so that they work whatever the keyboard's language;
 * single letters only count outside of text fields.
 */
export function shortcutOf(key: Key, isWriting: boolean): Shortcut | undefined {
  if (key.repeat || key.isComposing || key.altKey || key.shiftKey) return undefined
  if (key.ctrlKey || key.metaKey) return withControl[key.code]
  return isWriting ? undefined : single[key.code]
}

/** True where letters are text: fields, and lists that are searched by typing. */
export function isWritingIn(element: EventTarget | null): boolean {
  return (
    element instanceof HTMLElement &&
    (element.isContentEditable || element.matches('input, textarea, select, [role=menu] *, [role=textbox]'))
  )
}
