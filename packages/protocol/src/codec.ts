import * as v from 'valibot'
import { check, parseRecord } from './check.ts'
import type { Problem } from './errors.ts'
import { protocolVersion } from './limits.ts'
import { type ServerMessage, serverMessageSchema } from './messages.ts'
import { type ReplyTo, replySchemas } from './replies.ts'
import { type Asked, type Request, requestSchema } from './requests.ts'

export type ReadRequest = { request: Request } | { problem: Problem; id?: number }

/** Reads one frame of a client. A problem keeps the request's id where one can be read, so that the answer finds its question. */
export function readRequest(text: string): ReadRequest {
  const frame = parseRecord(text)
  if (!frame) return { problem: { code: 'bad_frame', message: 'The frame is not a JSON object.' } }
  const found = idOf(frame)
  const id = found === undefined ? {} : { id: found }
  if (frame.type === 'hello' && typeof frame.version === 'number' && frame.version !== protocolVersion)
    return {
      problem: {
        code: 'unsupported_version',
        field: 'version',
        message: `This server speaks version ${protocolVersion} of the room socket. Reload the page or update the program.`,
      },
    }
  const checked = check(requestSchema, frame)
  return 'problem' in checked ? { ...checked, ...id } : { request: checked.value }
}

/** The id of a request that is not read any further, so that a refusal finds its question. */
export function readId(text: string): number | undefined {
  const frame = parseRecord(text)
  return frame && idOf(frame)
}

function idOf({ id }: Record<string, unknown>): number | undefined {
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : undefined
}

/** Reads one frame of the server; `undefined` for one this version does not know, which a client passes over. */
export function readServerMessage(text: string): ServerMessage | undefined {
  const result = v.safeParse(serverMessageSchema, parseRecord(text))
  return result.success ? result.output : undefined
}

/** What a reply answers to a question of this type; `undefined` where it is not such an answer. */
export function readReply<Type extends Asked['type']>(type: Type, reply: unknown): ReplyTo<Type> | undefined {
  const result = v.safeParse(replySchemas[type], reply)
  return result.success ? (result.output as ReplyTo<Type>) : undefined
}
