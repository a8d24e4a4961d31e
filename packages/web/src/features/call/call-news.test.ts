import type { CallParticipant, CallTrack } from '@maru/client/call'
import { expect, test } from 'vitest'
import { callNews } from './call-news.ts'

const person = (identity: string, more: Partial<CallParticipant> = {}): CallParticipant => ({
  identity,
  name: identity.toUpperCase(),
  isMe: false,
  microphone: 'on',
  sounds: [],
  speaking: false,
  quality: 'good',
  ...more,
})
const screen = {} as CallTrack

test('comings, goings and shared screens are news; everything else is not', () => {
  const before = [person('me', { isMe: true }), person('ana'), person('ben')]
  expect(
    callNews(before, [person('me', { isMe: true, screen }), person('ana', { speaking: true }), person('ben')]),
  ).toEqual([])
  expect(callNews(before, [person('me', { isMe: true }), person('ana', { screen }), person('carla')])).toEqual([
    { type: 'shareBegan', name: 'ANA' },
    { type: 'joined', name: 'CARLA' },
    { type: 'left', name: 'BEN' },
  ])
  expect(callNews([person('ana', { screen })], [person('ana')])).toEqual([{ type: 'shareEnded', name: 'ANA' }])
})
