/**
 * One thing that programs can ask for by HTTP: its address, who may, what it takes and gives. The same schemas check what comes and write the
 * OpenAPI document. An operation calls verbs of the domain and has no rules of its own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ErrorCode, Member, RandomBytes } from '@maru/protocol'
import * as v from 'valibot'
import type { Needed } from '../accounts/rights.ts'
import type { Actor, RoomContext } from '../rooms/append-entry.ts'
import type { Authority } from '../rooms/bots.ts'

export interface RestContext extends RoomContext {
  random: RandomBytes
  /** Copies all data into a new folder. */
  backUp: () => Promise<{ folder: string; files: number }>
}

type Entries = Record<string, v.GenericSchema>
type Fields<Shape extends Entries> = v.InferOutput<v.ObjectSchema<Shape, undefined>>

/** What an operation is handed. */
export interface Call<Query, Body> {
  /** Who asks; of `operator` nobody in particular. */
  member: Member
  /** The same in the room of the path. */
  actor: Actor
  /** The room of the path and who asks, where also who runs the server may. */
  authority: Authority
  query: Query
  body: Body
  /** A part of the path. */
  part(name: string): string
  /** The number in the path. */
  target: number
  request: IncomingMessage
  response: ServerResponse
}

/**
 * `member`: whoever has a token. `room`: members of the room. `reader`: its members, and who runs the server. `owner`: its owners, and who runs the server. `operator`: who runs the server.
 */
export type Who = 'member' | 'room' | 'reader' | 'owner' | 'operator'

export interface Operation {
  id: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As OpenAPI writes it: `/api/rooms/{room}`. */
  path: string
  tag: string
  summary: string
  who: Who
  needs: Needed
  query: Entries
  /** Absent where no body is read. */
  body?: v.GenericSchema
  /** Absent where `run` writes the answer itself. */
  reply?: v.GenericSchema
  /** Of an answer that is not JSON. */
  media?: string
  status: number
  errors: readonly ErrorCode[]
  /** How many ordinary requests it counts for, where it keeps the server as busy. */
  weight: number
  /** Absent where a route of its own answers; this only describes it. */
  run?: (context: RestContext, call: Call<never, never>) => object | undefined | Promise<object | undefined>
}

type Optional = 'query' | 'status' | 'errors' | 'weight' | 'run'

/** Ties the types of what is read to what `run` is handed. */
export function operation<Query extends Entries = Record<never, never>, Body = unknown>(
  described: Omit<Operation, Optional | 'body'> & {
    query?: Query
    body?: v.GenericSchema<unknown, Body>
    status?: number
    errors?: readonly ErrorCode[]
    weight?: number
    run?: (context: RestContext, call: Call<Fields<Query>, Body>) => object | undefined | Promise<object | undefined>
  },
): Operation {
  return { query: {}, status: 200, errors: [], weight: 1, ...described } as Operation
}

/** A reply with nothing in it. */
export const nothing = v.object({})
