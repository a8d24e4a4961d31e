import { expect, test } from 'vitest'
import { deviceProblem, endOfDisconnect, endOfFailedJoin } from './call-problem.ts'

test.each([
  ['NotAllowedError', 'permission_denied'],
  ['SecurityError', 'permission_denied'],
  ['NotFoundError', 'no_device'],
  ['OverconstrainedError', 'no_device'],
  ['NotReadableError', 'device_busy'],
  ['AbortError', 'device_busy'],
  ['InsecureOriginError', 'insecure_origin'],
  ['TypeError', 'device_failed'],
])('%s is %s', (name, problem) => {
  expect(deviceProblem({ name })).toBe(problem)
})

test('something that is no error at all is a failed device', () => {
  for (const value of [undefined, null, 'no', 7]) expect(deviceProblem(value)).toBe('device_failed')
})

test.each([
  [1, 'left'],
  [2, 'duplicate'],
  [3, 'server_gone'],
  [4, 'removed'],
  [5, 'call_closed'],
  [9, 'server_gone'],
  [undefined, 'server_gone'],
])('disconnect reason %s means %s', (reason, end) => {
  expect(endOfDisconnect(reason)).toBe(end)
})

test.each([
  [{ name: 'ConnectionError', reason: 0, message: 'room is full' }, 'room_full'],
  [{ name: 'ConnectionError', reason: 0, message: 'max participants exceeded' }, 'room_full'],
  [{ name: 'ConnectionError', reason: 0, message: 'invalid token' }, 'refused'],
  [{ name: 'ConnectionError', reason: 1, message: 'unreachable' }, 'server_gone'],
  [{ name: 'ConnectionError', reason: 4, message: 'leave', context: 4 }, 'removed'],
  [{ code: 'room_full', message: 'full' }, 'room_full'],
  [new Error('the socket is closed'), 'server_gone'],
])('a join that failed with %o ends as %s', (error, end) => {
  expect(endOfFailedJoin(error)).toBe(end)
})
