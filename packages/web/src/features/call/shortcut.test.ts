import { expect, test } from 'vitest'
import { shortcutOf } from './shortcut.ts'

const plain = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, repeat: false, isComposing: false }

test.each([
  ['KeyM', 'microphone'],
  ['KeyV', 'camera'],
  ['KeyS', 'share'],
  ['KeyC', 'chat'],
  ['KeyP', 'people'],
])('%s is %s, and a letter while writing', (code, shortcut) => {
  expect(shortcutOf({ ...plain, code }, false)).toBe(shortcut)
  expect(shortcutOf({ ...plain, code }, true)).toBeUndefined()
})

test('Control or Command with D and E work everywhere', () => {
  expect(shortcutOf({ ...plain, code: 'KeyD', ctrlKey: true }, true)).toBe('microphone')
  expect(shortcutOf({ ...plain, code: 'KeyE', metaKey: true }, true)).toBe('camera')
})

test('keys of the browser, held keys and half a syllable are left alone', () => {
  expect(shortcutOf({ ...plain, code: 'KeyC', ctrlKey: true }, false)).toBeUndefined()
  expect(shortcutOf({ ...plain, code: 'KeyS', ctrlKey: true }, false)).toBeUndefined()
  expect(shortcutOf({ ...plain, code: 'KeyM', repeat: true }, false)).toBeUndefined()
  expect(shortcutOf({ ...plain, code: 'KeyM', isComposing: true }, false)).toBeUndefined()
  expect(shortcutOf({ ...plain, code: 'KeyP', shiftKey: true }, false)).toBeUndefined()
})
