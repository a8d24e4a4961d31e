/** docs/livekit.md names everything that LiveKit's protocol has, and every test it names is there. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  AddTrackRequest,
  ClientInfo,
  ConnectionSettings,
  CreateRoomRequest,
  DataPacket,
  JoinRequest,
  JoinResponse,
  LeaveRequest,
  ParticipantInfo,
  ParticipantPermission,
  ReconnectResponse,
  RequestResponse,
  Room,
  RoomConfiguration,
  SessionDescription,
  SignalRequest,
  SignalResponse,
  SimulateScenario,
  SubscriptionPermission,
  SyncState,
  TrackInfo,
  TrackPermission,
  UpdateParticipantMetadata,
  UpdateSubscription,
  UpdateTrackSettings,
  WrappedJoinRequest,
} from '@livekit/protocol'
import { expect, test } from 'vitest'
import { library, methodsOfLibrary } from './livekit-library.ts'

const root = join(import.meta.dirname, '../../..')

interface Row {
  name: string
  state: string
  test: string
}

/** The rows of the tables, by the heading above. */
function readTables(): Map<string, Row[]> {
  const tables = new Map<string, Row[]>()
  let heading = ''
  for (const line of readFileSync(join(root, 'docs/livekit.md'), 'utf8').split('\n')) {
    heading = /^#+ (.*)/.exec(line)?.[1] ?? heading
    const [, name, state, shown] = /^\| `([^`]+)` \| (.*?) \| .*?\| ([^|]+) \|$/.exec(line) ?? []
    if (name && state !== undefined && shown && heading !== 'Fields') {
      tables.set(heading, [...(tables.get(heading) ?? []), { name, state, test: shown }])
    }
  }
  return tables
}

const tables = readTables()
const namesIn = (heading: string) => (tables.get(heading) ?? []).map(({ name }) => name)

test.each(Object.entries({ SignalRequest, SimulateScenario, SignalResponse, RequestResponse, DataPacket }))(
  'every member of the oneof of %s has its row, and no other has',
  (heading, { fields }) => {
    const members = fields
      .list()
      .filter((field) => field.oneof)
      .map((field) => field.name)
    expect(namesIn(heading)).toEqual(members)
  },
)

test('every method of every service has its row, or its service has where it is not here', () => {
  const methods = methodsOfLibrary()
  expect(methods.length).toBeGreaterThan(40)
  const rows = new Set(namesIn('Services'))
  expect(methods.filter((method) => !rows.has(method) && !rows.has(method.split('.')[0] ?? ''))).toEqual([])
})

/** The fields of an interface in the library's types. */
function fieldsOf(file: string, name: string): string[] {
  const text = readFileSync(join(library, file), 'utf8')
  const [, body = ''] = new RegExp(`interface ${name} [^{]*\\{([^}]*)\\}`).exec(text) ?? []
  return [...body.matchAll(/^\s*(\w+)\?:/gm)].map(([, field]) => field ?? '')
}

test.each(['ClaimGrants', 'VideoGrant'])('every field of %s has its row', (name) => {
  const fields = fieldsOf('grants.d.ts', name)
  expect(fields.length).toBeGreaterThan(8)
  expect(namesIn('Tokens')).toEqual(expect.arrayContaining(fields))
})

test('every event of webhooks has its row', () => {
  const text = readFileSync(join(library, 'WebhookReceiver.d.ts'), 'utf8')
  const names = /type WebhookEventNames =([^/]*)/.exec(text)?.[1] ?? ''
  const events = [...names.matchAll(/'(\w+)'/g)].map(([, event]) => event)
  expect(events.length).toBeGreaterThan(8)
  expect(namesIn('Webhook events')).toEqual(events)
})

interface FieldRow extends Row {
  fields: string[]
}

/** The rows about the fields of messages: a message has several of them. */
function readFieldRows(): FieldRow[] {
  const [, section = ''] = /\n### Fields\n(.*?)\n### /s.exec(readFileSync(join(root, 'docs/livekit.md'), 'utf8')) ?? []
  return [...section.matchAll(/^\| `([^`]+)` \| (.*?) \| (.*?) \| .*?\| ([^|]+) \|$/gm)].map(
    ([, name = '', fields = '', state = '', shown = '']) => ({
      name,
      fields: [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field ?? ''),
      state,
      test: shown,
    }),
  )
}

const fieldRows = readFieldRows()
const fieldsIn = (name: string) =>
  fieldRows
    .filter((row) => row.name === name)
    .flatMap(({ fields }) => fields)
    .sort()

/** In these a client or an application chooses, or learns what it goes by. */
const described = {
  WrappedJoinRequest,
  JoinRequest,
  ConnectionSettings,
  ClientInfo,
  AddTrackRequest,
  UpdateSubscription,
  UpdateTrackSettings,
  SubscriptionPermission,
  TrackPermission,
  SyncState,
  UpdateParticipantMetadata,
  SessionDescription,
  JoinResponse,
  ReconnectResponse,
  LeaveRequest,
  ParticipantInfo,
  ParticipantPermission,
  TrackInfo,
  Room,
  CreateRoomRequest,
  RoomConfiguration,
}

test.each(Object.entries(described))('every field of %s is in a row, and no other is', (name, { fields }) => {
  const names = fields.list().map((field) => field.name)
  expect(fieldsIn(name)).toEqual(names.sort())
})

test('everything that clients write into the address of /rtc is in a row', () => {
  const written = ['livekit-client', 'livekit-client-old'].flatMap((client) => {
    const text = readFileSync(join(root, `node_modules/${client}/dist/livekit-client.esm.mjs`), 'utf8')
    return [...text.matchAll(/params\.set\('(\w+)'/g)].map(([, name]) => name ?? '')
  })
  expect(written.length).toBeGreaterThan(20)
  expect(fieldsIn('/rtc')).toEqual(expect.arrayContaining([...new Set(written)].filter((it) => it !== 'join_request')))
  expect(new Set(fieldRows.map(({ name }) => name))).toEqual(new Set(['/rtc', ...Object.keys(described)]))
})

test('every row says what holds and names a test that is there', () => {
  const files = new Map<string, string>()
  for (const folder of ['packages/server/test', 'packages/server/src/calls', 'conformance/page']) {
    for (const file of readdirSync(join(root, folder))) {
      if (file === basename(import.meta.filename) || !/(\.test|conformance.*)\.ts$/.test(`${folder}/${file}`)) continue
      files.set(
        file.replace(/(\.test)?\.ts$/, ''),
        readFileSync(join(root, folder, file), 'utf8').replaceAll("\\'", "'"),
      )
    }
  }
  const wrong = [...tables.values(), fieldRows].flat().filter(({ state, test }) => {
    const [, file = '', title = ''] = /^([\w-]+): (.+)$/.exec(test.trim()) ?? []
    return !['yes', 'no', 'ignored'].includes(state) || title === '' || !files.get(file)?.includes(title)
  })
  expect(wrong).toEqual([])
})
