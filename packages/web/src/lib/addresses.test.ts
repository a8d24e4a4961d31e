import { describe, expect, test } from 'vitest'
import { readRecentRooms, withRoom } from './recent-rooms.ts'
import { socketAddress } from './room-socket.ts'
import { parsePath, roomPath } from './route.ts'
import { secureAddress } from './secure-address.ts'

describe('addresses', () => {
  test.each([
    ['/', { page: 'landing' }],
    ['/r/hall', { page: 'room', room: 'hall' }],
    ['//r/hall/', { page: 'room', room: 'hall' }],
    ['/r/%EA%B0%80%EC%A1%B1', { page: 'room', room: '가족' }],
    ['/r/%E1%84%80%E1%85%A1', { page: 'room', room: '가' }],
    ['/r/%', { page: 'landing' }],
    ['/r/%20', { page: 'landing' }],
    ['/r/a/b', { page: 'landing' }],
    ['/elsewhere', { page: 'landing' }],
  ])('%s', (path, route) => {
    expect(parsePath(path)).toEqual(route)
  })

  test('a room has one address, there and back', () => {
    for (const room of ['hall', '가족-모임', 'a.b_c', '100%'])
      expect(parsePath(roomPath(room))).toEqual({ page: 'room', room })
  })

  test('the secure address differs in the protocol alone', () => {
    const location = { protocol: 'http:', host: '192.168.0.4:7880', pathname: '/r/hall', search: '' }
    expect(secureAddress({ isSecureContext: false, location })).toBe('https://192.168.0.4:7880/r/hall')
    expect(secureAddress({ isSecureContext: true, location })).toBeUndefined()
  })

  test('the socket is where the page is', () => {
    expect(socketAddress({ protocol: 'https:', host: 'a:1' })).toBe('wss://a:1/socket')
    expect(socketAddress({ protocol: 'http:', host: 'a' })).toBe('ws://a/socket')
  })
})

describe('recent rooms', () => {
  test('puts the visited room first, once, and keeps six', () => {
    const visit = (room: string) => ({ room, at: 1, seq: 1 })
    const list = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'b'].reduce(
      (all, room) => withRoom(all, visit(room)),
      [] as ReturnType<typeof withRoom>,
    )
    expect(list.map((entry) => entry.room)).toEqual(['b', 'g', 'f', 'e', 'd', 'c'])
  })

  test('reads back only what it could have written', () => {
    expect(readRecentRooms(undefined)).toEqual([])
    expect(readRecentRooms('{')).toEqual([])
    expect(readRecentRooms('{"room":1}')).toEqual([])
    expect(
      readRecentRooms('[null,{"room":"a"},{"room":"a","at":1,"seq":2},{"room":"b","at":1,"seq":2,"last":{}}]'),
    ).toEqual([{ room: 'a', at: 1, seq: 2 }])
  })
})
