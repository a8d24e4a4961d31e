/** The OpenAPI document: written from the operations and the schemas that check them. */
import { entrySchema, errors, fileSchema, memberSchema, messageSchema, roomSchema } from '@maru/protocol'
import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import type { Operation, Who } from './operation.ts'
import { operations } from './operations.ts'

const problem = v.object({ code: v.picklist(Object.keys(errors)), message: v.string(), field: v.optional(v.string()) })
const named = {
  Entry: entrySchema,
  Message: messageSchema,
  Member: memberSchema,
  File: fileSchema,
  Room: roomSchema,
  Problem: problem,
}

/** Errors that every operation may answer. */
const COMMON = ['bad_frame', 'unauthorized', 'too_fast', 'internal'] as const

const security: Record<Who, object[]> = {
  member: [{ member: [] }],
  room: [{ member: [] }],
  reader: [{ member: [] }, { operator: [] }],
  owner: [{ member: [] }, { operator: [] }],
  operator: [{ operator: [] }],
}

export function openApi(): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const each of operations) {
    paths[each.path] = { ...paths[each.path], [each.method.toLowerCase()]: describe(each) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Maru',
      version: '1',
      description:
        'Rooms, messages, members and files for programs. Live events come on the room socket (docs/protocol.md) or by webhook (docs/programs.md).',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        member: { type: 'http', scheme: 'bearer', description: 'The token of a member or a bot: 64 hex digits.' },
        operator: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'A LiveKit access token signed with the API key, with the grant `roomCreate`, or `roomAdmin` for the room.',
        },
      },
      schemas: Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, definition(name, schema)])),
    },
  }
}

function describe({ id, tag, summary, who, needs, query, body, reply, media, status, path, errors: own }: Operation) {
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
      name,
      in: 'path',
      required: true,
      schema: name === 'seq' ? { type: 'integer', minimum: 1 } : { type: 'string' },
    })),
    ...Object.entries(query).map(([name, schema]) => ({
      name,
      in: 'query',
      required: schema.type !== 'optional',
      schema: json(schema),
    })),
  ]
  const right = needs === 'own' ? 'No bot may.' : needs === 'any' ? '' : `A bot needs the right \`${needs}\`.`
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(right && { description: right }),
    security: security[who],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: json(body) } } } }),
    responses: {
      [status]: {
        description: 'Done.',
        content: reply ? { 'application/json': { schema: json(reply) } } : { [media ?? 'text/plain']: {} },
      },
      ...failures([...COMMON, ...(who === 'member' ? [] : (['forbidden'] as const)), ...own]),
    },
  }
}

/** The codes under the status they come with. */
function failures(codes: readonly (keyof typeof errors)[]): Record<string, object> {
  const byStatus = Map.groupBy([...new Set(codes)], (code) => errors[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${errors[code].meaning}`).join(' '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}

const options = {
  // What JSON Schema has no word for, such as a transformation, is left out of the document; the check knows it.
  errorMode: 'ignore',
  typeMode: 'input',
  overrideRef: ({ referenceId }: { referenceId: string }) => `#/components/schemas/${referenceId}`,
} as const

function json(schema: v.GenericSchema): object {
  return plain(toJsonSchema(schema, { ...options, definitions: named }))
}

/** A named schema itself, in which the others are named. */
function definition(name: string, schema: v.GenericSchema): object {
  const others = Object.fromEntries(Object.entries(named).filter(([other]) => other !== name))
  return plain(toJsonSchema(schema, { ...options, definitions: others }))
}

/** Without what belongs to a document of its own. */
function plain({ $schema: _schema, $defs: _defs, ...rest }: ReturnType<typeof toJsonSchema>): object {
  return rest
}
