import { describe, expect, test } from 'vitest'
import { type ComposerKey, commandIn, composerAction, lengthOf } from './composer-keys.ts'

const key = (more: Partial<ComposerKey>): ComposerKey => ({
  key: 'Enter',
  keyCode: 13,
  isComposing: false,
  shiftKey: false,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  ...more,
})

describe('keys of the message field', () => {
  test.each([
    ['Return', key({}), 'send'],
    ['Ctrl+Return', key({ ctrlKey: true }), 'send'],
    ['Shift+Return', key({ shiftKey: true }), 'nothing'],
    ['Return that finishes a syllable', key({ isComposing: true }), 'nothing'],
    ['Return handled by the input method', key({ key: 'Process', keyCode: 229, isComposing: true }), 'nothing'],
    ['the same in Safari, after the composition ended', key({ keyCode: 229 }), 'nothing'],
    ['Escape', key({ key: 'Escape', keyCode: 27 }), 'cancel'],
    ['Escape that ends a composition', key({ key: 'Escape', keyCode: 27, isComposing: true }), 'nothing'],
    ['the arrow up in a text', key({ key: 'ArrowUp', keyCode: 38 }), 'nothing'],
    ['a letter', key({ key: 'a', keyCode: 65 }), 'nothing'],
  ])('%s', (_name, event, action) => {
    expect(composerAction(event)).toBe(action)
  })

  test('the arrow up in an empty field edits the last message, unless it is held with another key or composes', () => {
    const up = { key: 'ArrowUp', keyCode: 38 }
    expect(composerAction(key(up), true)).toBe('editLast')
    expect(composerAction(key({ ...up, shiftKey: true }), true)).toBe('nothing')
    expect(composerAction(key({ ...up, isComposing: true }), true)).toBe('nothing')
  })

  test('knows a command from a message', () => {
    expect(['{quit}', ' /quit\n', '/me waves'].map(commandIn)).toEqual(['/quit', '/quit', '/me waves'])
    expect(['quit', 'type {quit} to leave', '/etc/hosts', '//', ''].map(commandIn)).toEqual(Array(5).fill(undefined))
  })

  test('counts signs as the server does', () => {
    expect([lengthOf('마루'), lengthOf('마루'.normalize('NFD')), lengthOf('🎂'), lengthOf('')]).toEqual([2, 2, 1, 0])
  })
})
