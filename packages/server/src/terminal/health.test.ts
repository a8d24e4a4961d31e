import { test } from 'vitest'
import { createHealth } from './health.ts'
import { createLog } from './log.ts'
import { wordsIn } from './words.ts'

test('a disk that takes nothing is said once with its reason, and that it is over', ({ expect }) => {
  const said: string[] = []
  const log = createLog({ level: 'error', write: () => {} })
  const health = createHealth({ log, words: wordsIn('en'), folder: '/data', say: (text) => said.push(text) })
  const sqliteFull = Object.assign(new Error('database or disk is full'), { errcode: 13 })
  health.storageChanged(false, sqliteFull)
  expect(health.problems()).toEqual(['The disk does not take what is written.'])
  health.storageChanged(true)
  expect(health.problems()).toEqual([])
  health.storageChanged(false, Object.assign(new Error('EROFS: open'), { code: 'EROFS' }))
  expect(said.map((text) => text.slice(0, 60))).toEqual([
    'Nothing can be stored in /data now (the disk is full). Every',
    'What people write is stored again.',
    'Nothing can be stored in /data now (it is read-only). Everyb',
  ])
})

test('that no more connections are taken is said once, with what to do', ({ expect }) => {
  const said: string[] = []
  const log = createLog({ level: 'error', write: () => {} })
  const health = createHealth({ log, words: wordsIn('en'), folder: '/data', say: (text) => said.push(text) })
  health.connectionRefused(908)
  health.connectionRefused(908)
  expect(said).toEqual([expect.stringMatching(/^All 908 connections .* are taken.*"ulimit -n"/)])
})
